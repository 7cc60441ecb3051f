/** All that is looked at to see whether a connection works, and works for nobody else: each step only after the one before. */

import { type Connection, destinationOf } from '../../access/connections/index.ts';
import { clouds } from '../../clouds/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Exchange } from '../../tokens/exchange/index.ts';
import type { Issuers } from '../../tokens/issuer/index.ts';
import { type Check, passed, skipped } from './check.ts';
import { cloudError, documentChecks, refusedCheck } from './diagnosis.ts';
import { type Probing, probe, probes } from './probes.ts';

export interface TryoutOptions extends Probing {
  readonly exchange: Pick<Exchange, 'attempt'>;
  readonly issuers: Pick<Issuers, 'of'>;
  /** Whether the server can see its own public address. */
  readonly checkPropagation: boolean;
}

/** For the question who the credentials belong to. */
const identityDeadlineMs = 5_000;

export async function tryOut(
  connection: Connection,
  actor: string,
  options: TryoutOptions,
): Promise<readonly Check[]> {
  const target = targetCheck(connection);
  if (target.outcome === 'failed') return [target, skipped('exchange', 'Nothing to enter yet.')];
  const entered = await enter(connection, actor, options);
  if (entered.at(-1)?.outcome !== 'passed') return [target, ...entered];
  const found: Check[] = [];
  for (const one of probes) found.push(await probe(connection, one, options));
  return [target, ...entered, ...found];
}

function targetCheck(connection: Connection): Check {
  const { missingFields: missing } = destinationOf(connection);
  if (missing.length === 0) return passed('target', `Complete for ${clouds[connection.cloud].name}.`);
  return {
    name: 'target',
    outcome: 'failed',
    detail: `The target has no ${missing.join(', ')} yet.`,
    advice: 'Finish the set-up in the cloud, then save the missing fields.',
    condition: 'target',
    fix: `sojourn connection update ${connection.id} ${missing.map((field) => `--set ${field}=VALUE`).join(' ')}`,
  };
}

/** The exchange, and who the cloud says that the credentials belong to; they are not kept. */
async function enter(connection: Connection, actor: string, options: TryoutOptions): Promise<Check[]> {
  const { exchange, vendor } = options;
  let pass: Awaited<ReturnType<Exchange['attempt']>>;
  try {
    pass = await exchange.attempt(connection, actor);
  } catch (error) {
    const refusal = cloudError(error);
    return [
      ...(await documentChecks(connection, refusal, options)),
      (await withoutExtras(connection, actor, refusal, options)) ??
        refusedCheck('exchange', connection, refusal, vendor),
    ];
  }
  const entered = passed('exchange', 'The cloud gave credentials for a fresh token.');
  try {
    const signal = AbortSignal.any([AbortSignal.timeout(identityDeadlineMs), options.ending]);
    return [
      entered,
      passed('identity', await destinationOf(connection).identify(pass, { ...options, signal })),
    ];
  } catch (error) {
    return [entered, refusedCheck('identity', connection, cloudError(error), vendor)];
  }
}

/** STS has one sentence for many faults: a second try, with a token that asks for less, tells one of them from the rest. */
async function withoutExtras(
  connection: Connection,
  actor: string,
  refusal: SojournError,
  { exchange, vendor }: TryoutOptions,
): Promise<Check | undefined> {
  const { withoutOptions: bare } = destinationOf(connection);
  if (bare === undefined || refusal.code !== 'cloud_trust_refused') return undefined;
  try {
    await exchange.attempt({ ...connection, target: bare }, actor);
  } catch (error) {
    if (error instanceof SojournError && error.code === 'audit_unavailable') throw error;
    return undefined;
  }
  return {
    ...refusedCheck('exchange', connection, refusal, vendor),
    outcome: 'failed',
    condition: 'session_tags',
    detail:
      'cloud_trust_refused: The role lets the same token in without session tags and source identity, so the trust policy lacks sts:TagSession or sts:SetSourceIdentity.',
    advice: 'Allow the missing action in the trust policy, as in the set-up file.',
  };
}
