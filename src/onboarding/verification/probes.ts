/**
 * Probes: three tokens of our issuer that the customer's cloud must refuse. That it admits the right token does not show
 * whom else it admits. The subject of a probe is never that of a connection, past or future.
 */

import { type ResolvedConnection, setupFactsOf, subjectOf } from '../../access/connections/index.ts';
import type { Diagnosis, ProbeResult, ProbeType, SettingsByCloud, SignedToken } from '../../clouds/index.ts';
import type { Audit } from '../../platform/audit/index.ts';
import type { SojournError } from '../../platform/errors/index.ts';
import type { Now } from '../../platform/time/index.ts';
import type { Deviation, Prober } from '../../tokens/issuer/index.ts';
import type { Check } from './check.ts';
import { cloudError } from './diagnosis.ts';

export interface ProbeOptions {
  readonly prober: Prober;
  readonly audit: Audit;
  readonly settings: SettingsByCloud;
  readonly now: Now;
  readonly vendor: string;
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal;
}

interface Probe {
  readonly name: string;
  readonly type: ProbeType;
  readonly deviation: (resolved: ResolvedConnection, diagnosis: Diagnosis) => Deviation;
  readonly description: string;
}

export const probes: readonly Probe[] = [
  {
    name: 'probe_unknown_subject',
    type: 'subject',
    // Ends like the real subject, so it also detects a pattern that matches only the end.
    deviation: ({ connection }) => ({ subject: `probe_${subjectOf(connection)}` }),
    description: 'a subject that no connection has',
  },
  {
    name: 'probe_other_subject',
    type: 'subject',
    // Differs from the real subject in the last letter only. No id contains `u`, so no connection can ever have it.
    deviation: ({ connection }) => ({
      subject: subjectOf({ ...connection, id: `${connection.id.slice(0, -1)}u` }),
    }),
    description: "another connection's subject",
  },
  {
    name: 'probe_wrong_audience',
    type: 'audience',
    deviation: (_, { wrongAudience }) => ({ audience: wrongAudience }),
    description: 'an audience for another cloud',
  },
];

/** For the whole exchange with the cloud. */
const deadlineMs = 5_000;

export async function runProbe(
  {
    resolved,
    diagnosis,
    probe: { name, type, deviation, description },
  }: { readonly resolved: ResolvedConnection; readonly diagnosis: Diagnosis; readonly probe: Probe },
  options: ProbeOptions,
) {
  const { connection, destination } = resolved;
  const { prober, audit, settings, now, vendor, stopping } = options;
  const deviating = deviation(resolved, diagnosis);
  let minted: (SignedToken & { readonly kid: string }) | undefined;
  let refusal: SojournError | undefined;
  try {
    // Credentials that the cloud may issue are discarded at once.
    const context = {
      settings: settings[connection.cloud] ?? {},
      now,
      signal: AbortSignal.any([AbortSignal.timeout(deadlineMs), stopping]),
    };
    const { credentials } = await destination.exchange({
      ...context,
      connection: `probe-${connection.id}`,
      sign: async () => {
        minted = await prober.sign(resolved, deviating);
        return minted;
      },
    });
    const { present } = destination;
    if (typeof present === 'function' && 'access_token' in credentials)
      await present(credentials.access_token, context);
  } catch (error) {
    refusal = cloudError(error);
  }
  const result = diagnosis.interpretProbe(type, refusal);
  const value = 'subject' in deviating ? deviating.subject : deviating.audience;
  await audit.record({
    event: 'connection.probed',
    outcome: result === 'refused' ? 'ok' : 'failed',
    actor: 'system',
    connection: connection.id,
    tenant: connection.tenant,
    ...(minted ? { jti: minted.jti, kid: minted.kid } : {}),
    ...('subject' in deviating ? { sub: deviating.subject } : { aud: deviating.audience }),
    reason: refusal ? `${refusal.code}: ${refusal.message}` : 'the cloud issued credentials',
    facts: { probe: name, result },
  });
  return checkOf(name, result, `a token with ${description} (${value})`, refusal, () =>
    diagnosis.fix(connection.target, setupFactsOf(resolved, vendor), type),
  );
}

function checkOf(
  name: string,
  result: ProbeResult,
  token: string,
  refusal: SojournError | undefined,
  narrow: () => { readonly condition: string; readonly detail?: string; readonly fix?: string },
): Check {
  if (result === 'refused')
    return { name, outcome: 'passed', detail: `The cloud refused ${token}.`, advice: null };
  if (result === 'inconclusive')
    return {
      name,
      outcome: 'inconclusive',
      detail: `The cloud's answer to ${token} proves nothing. ${refusal?.code}: ${refusal?.message}`,
      advice:
        'The server tries again. If the result stays the same, follow what the cloud says in the detail.',
    };
  const { condition, detail, fix } = narrow();
  return {
    name,
    outcome: 'failed',
    detail: `THE CLOUD ADMITTED ${token}. Others can get access.${detail === undefined ? '' : ` ${detail}`}`,
    advice: 'Fix this now: restrict the trust in the cloud to exactly this audience and this subject.',
    condition,
    ...(fix === undefined ? {} : { fix }),
  };
}
