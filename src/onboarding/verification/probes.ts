/**
 * Three tokens of our own that the customer's cloud must refuse: that it lets the right one in proves nothing about whom
 * else it lets in. None of their subjects is, was or will be that of a connection.
 */

import { type Connection, destinationOf, setupFactsOf, subjectOf } from '../../access/connections/index.ts';
import type { Endpoints, ProbeResult, ProbeType, SignedToken } from '../../clouds/index.ts';
import type { Audit } from '../../platform/audit/index.ts';
import type { SojournError } from '../../platform/errors/index.ts';
import type { Now } from '../../platform/time/index.ts';
import type { Deviation, Prober } from '../../tokens/issuer/index.ts';
import type { Check } from './check.ts';
import { cloudError } from './diagnosis.ts';

export interface Probing {
  readonly prober: Prober;
  readonly audit: Audit;
  readonly endpoints: Endpoints;
  readonly now: Now;
  readonly vendor: string;
  /** Fires when the server stops: nobody waits for a cloud then. */
  readonly ending: AbortSignal;
}

interface Probe {
  readonly name: string;
  readonly kind: ProbeType;
  readonly deviation: (connection: Connection) => Deviation;
  readonly shown: string;
}

export const probes: readonly Probe[] = [
  {
    name: 'probe_unknown_subject',
    kind: 'subject',
    // Ends like the real one: a pattern that looks at the end alone is found by it as well.
    deviation: (connection) => ({ subject: `probe_${subjectOf(connection)}` }),
    shown: 'a subject that is never given out',
  },
  {
    name: 'probe_other_subject',
    kind: 'subject',
    // Another connection's shape, and all but the last letter its own: `u` is in no id, so nobody can ever have it.
    deviation: (connection) => ({
      subject: subjectOf({ ...connection, id: `${connection.id.slice(0, -1)}u` }),
    }),
    shown: "another connection's subject",
  },
  {
    name: 'probe_wrong_audience',
    kind: 'audience',
    deviation: (connection) => ({ audience: destinationOf(connection).wrongAudience }),
    shown: 'an audience for another cloud',
  },
];

/** For one whole visit to the cloud. */
const deadlineMs = 5_000;

export async function probe(
  connection: Connection,
  { name, kind, deviation, shown }: Probe,
  options: Probing,
) {
  const destination = destinationOf(connection);
  const { prober, audit, endpoints, now, vendor, ending } = options;
  const wrong = deviation(connection);
  let minted: (SignedToken & { readonly kid: string }) | undefined;
  let refusal: SojournError | undefined;
  try {
    // What it may bring goes nowhere: it is dropped before the line ends.
    await destination.exchange({
      connection: `probe-${connection.id}`,
      endpoints,
      now,
      signal: AbortSignal.any([AbortSignal.timeout(deadlineMs), ending]),
      sign: async () => {
        minted = await prober.mint(connection, wrong);
        return minted;
      },
    });
  } catch (error) {
    refusal = cloudError(error);
  }
  const proof = destination.interpretProbe(kind, refusal);
  const value = 'subject' in wrong ? wrong.subject : wrong.audience;
  await audit.record({
    event: 'connection.probed',
    outcome: proof === 'refused' ? 'refused' : 'failed',
    actor: 'system',
    connection: connection.id,
    tenant: connection.tenant,
    ...(minted ? { jti: minted.jti, kid: minted.kid } : {}),
    ...('subject' in wrong ? { sub: wrong.subject } : { aud: wrong.audience }),
    reason: refusal ? `${refusal.code}: ${refusal.message}` : 'the cloud gave credentials',
    facts: { probe: name, proof },
  });
  const shownToken = `a token with ${shown} (${value})`;
  return told(name, proof, shownToken, refusal, () =>
    destination.fix(setupFactsOf(connection, vendor), kind),
  );
}

function told(
  name: string,
  proof: ProbeResult,
  token: string,
  refusal: SojournError | undefined,
  narrow: () => { readonly condition: string; readonly detail?: string; readonly fix?: string },
): Check {
  if (proof === 'refused')
    return { name, outcome: 'passed', detail: `The cloud refused ${token}.`, advice: null };
  if (proof === 'unclear')
    return {
      name,
      outcome: 'unclear',
      detail: `The cloud's answer to ${token} proves nothing. ${refusal?.code}: ${refusal?.message}`,
      advice: 'It is tried again; if it stays so, see what the cloud says in the detail.',
    };
  const { condition, detail, fix } = narrow();
  return {
    name,
    outcome: 'failed',
    detail: `THE CLOUD LET IN ${token}. Strangers can enter.${detail === undefined ? '' : ` ${detail}`}`,
    advice: 'Shut this door now: let the trust in the cloud admit this audience and this subject exactly.',
    condition,
    ...(fix === undefined ? {} : { fix }),
  };
}
