/** The second use of the token of the exchange, where the cloud accepts a token once: it must be refused. */
import { type ResolvedConnection, setupFactsOf } from '../../access/connections/index.ts';
import type { CloudRequest, Diagnosis, SignedToken } from '../../clouds/index.ts';
import type { SojournError } from '../../platform/errors/index.ts';
import { type Check, passed } from './check.ts';
import { cloudError } from './diagnosis.ts';
import type { ProbeOptions } from './probes.ts';

export interface Remembering {
  readonly resolved: ResolvedConnection;
  /** The token of the last exchange. */
  readonly token: () => SignedToken | undefined;
}

/** The same connection, which remembers the token that an exchange sent. */
export function rememberToken(resolved: ResolvedConnection): Remembering {
  const { destination } = resolved;
  let token: SignedToken | undefined;
  const exchange = (request: CloudRequest) =>
    destination.exchange({
      ...request,
      sign: async () => {
        token = await request.sign();
        return token;
      },
    });
  return { resolved: { ...resolved, destination: { ...destination, exchange } }, token: () => token };
}

const deadlineMs = 5_000;

/** Empty if the cloud may accept a token again. Call it after an exchange. */
export async function checkSecondUse(
  resolved: ResolvedConnection,
  used: SignedToken | undefined,
  diagnosis: Diagnosis | undefined,
  { audit, settings, now, vendor, stopping }: ProbeOptions,
): Promise<readonly Check[]> {
  if (!diagnosis?.interpretSecondUse || !used) return [];
  const { connection, destination } = resolved;
  let refusal: SojournError | undefined;
  try {
    await destination.exchange({
      connection: connection.id,
      sign: async () => used,
      settings: settings[connection.cloud] ?? {},
      now,
      signal: AbortSignal.any([AbortSignal.timeout(deadlineMs), stopping]),
    });
  } catch (error) {
    refusal = cloudError(error);
  }
  const result = diagnosis.interpretSecondUse(refusal);
  await audit.record({
    event: 'connection.probed',
    outcome: result === 'refused' ? 'ok' : 'failed',
    actor: 'system',
    connection: connection.id,
    tenant: connection.tenant,
    jti: used.jti,
    reason: refusal ? `${refusal.code}: ${refusal.message}` : 'the cloud issued credentials',
    facts: { probe: name, result },
  });
  if (result === 'refused') return [passed(name, 'The cloud refused the same token when it was sent again.')];
  if (result === 'inconclusive')
    return [
      {
        name,
        outcome: 'inconclusive',
        detail: `The cloud's answer to a token that was sent again proves nothing. ${refusal?.code}: ${refusal?.message}`,
        advice: 'The server tries again.',
      },
    ];
  const { fix } = diagnosis.fix(connection.target, setupFactsOf(resolved, vendor), 'subject');
  return [
    {
      name,
      outcome: 'failed',
      detail: 'The cloud accepted the same token twice, so a stolen token is usable until it expires.',
      advice: 'Apply the set-up of the connection again: with it, the cloud accepts a token once.',
      condition: 'token_reusable',
      ...(fix === undefined ? {} : { fix }),
    },
  ];
}

const name = 'second_use';
