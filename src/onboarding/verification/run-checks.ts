/** Runs the checks of a connection in order: target, exchange, identity, probes. A failed step ends the run. */

import {
  type Connection,
  type Connections,
  type ResolvedConnection,
  resolveConnection,
  type UndeclaredPrincipal,
} from '../../access/connections/index.ts';
import { cloudOf } from '../../clouds/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Exchange } from '../../tokens/exchange/index.ts';
import type { Issuers } from '../../tokens/issuer/index.ts';
import { type Check, passed, skipped } from './check.ts';
import { cloudError, documentChecks, refusedCheck } from './diagnosis.ts';
import { type ProbeOptions, probes, runProbe } from './probes.ts';
import { checkSecondUse, rememberToken } from './second-use.ts';

export interface CheckOptions extends ProbeOptions {
  readonly connections: Pick<Connections, 'undeclared'>;
  readonly exchange: Pick<Exchange, 'attempt'>;
  readonly issuers: Pick<Issuers, 'of'>;
  /** Whether the server can reach its own public address. */
  readonly checkPropagation: boolean;
}

/** For the request that identifies the credentials. */
const identityDeadlineMs = 5_000;

export async function runChecks(
  resolved: ResolvedConnection,
  actor: string,
  options: CheckOptions,
): Promise<readonly Check[]> {
  const { connection } = resolved;
  const undeclared = await options.connections.undeclared(connection);
  if (undeclared)
    return [
      undeclaredCheck(connection, undeclared),
      skipped('exchange', 'Not tried: it would not prove whose directory the target names.'),
    ];
  const target = targetCheck(resolved);
  if (target.outcome === 'failed')
    return [target, skipped('exchange', 'Not tried: the target is incomplete.')];
  const remembering = rememberToken(resolved);
  const exchangeChecks = await checkExchange(remembering.resolved, actor, options);
  if (exchangeChecks.at(-1)?.outcome !== 'passed') return [target, ...exchangeChecks];
  const { diagnosis } = cloudOf(resolved.connection.cloud);
  const secondUse = await checkSecondUse(resolved, remembering.token(), diagnosis, options);
  const canProbe = resolved.destination.present !== 'uncheckable';
  const probeChecks: Check[] = [];
  for (const probe of probes) {
    const reason = diagnosis?.skippedProbes?.[probe.type];
    probeChecks.push(
      diagnosis && canProbe && reason === undefined
        ? await runProbe({ resolved, diagnosis, probe }, options)
        : skipped(probe.name, reason ?? 'This cloud has no probes.'),
    );
  }
  return [target, ...exchangeChecks, ...secondUse, ...probeChecks];
}

function targetCheck({ connection, destination: { missingFields } }: ResolvedConnection): Check {
  if (missingFields.length === 0) return passed('target', `Complete for ${connection.cloud}.`);
  return {
    name: 'target',
    outcome: 'failed',
    detail: `The target has no ${missingFields.join(', ')} yet.`,
    advice: 'Finish the set-up in the cloud, then save the missing fields.',
    condition: 'target',
    fix: `sojourn connection update ${connection.id} ${missingFields.map((field) => `--set ${field}=VALUE`).join(' ')}`,
  };
}

const undeclaredCheck = (
  { id }: Connection,
  { kind, field, detail, advice }: UndeclaredPrincipal,
): Check => ({
  name: 'target',
  outcome: 'failed',
  detail,
  advice,
  condition: 'shared_principal',
  fix: `sojourn connection update ${id} ${kind === 'shared' ? '--set consent_redirect_uri=URL --set tenant_id=GUID --set client_id=GUID' : `--set ${field}=VALUE`}`,
});

/** Exchanges a token and asks the cloud to whom the credentials belong. The credentials are discarded. */
async function checkExchange(
  resolved: ResolvedConnection,
  actor: string,
  options: CheckOptions,
): Promise<Check[]> {
  const { exchange, vendor } = options;
  let credentials: Awaited<ReturnType<Exchange['attempt']>>;
  try {
    credentials = await exchange.attempt(resolved, actor);
  } catch (error) {
    const refusal = cloudError(error);
    return [
      ...(await documentChecks(resolved.connection, refusal, options)),
      (await retryReduced(resolved, actor, refusal, options)) ??
        refusedCheck('exchange', resolved, refusal, vendor),
    ];
  }
  const { present } = resolved.destination;
  if (present === 'uncheckable') return [uncheckable];
  const signal = AbortSignal.any([AbortSignal.timeout(identityDeadlineMs), options.stopping]);
  const context = {
    now: options.now,
    settings: options.settings[resolved.connection.cloud] ?? {},
    signal,
  };
  if (present && 'access_token' in credentials.credentials) {
    try {
      await present(credentials.credentials.access_token, context);
    } catch (error) {
      const refusal = cloudError(error);
      return [
        ...(await documentChecks(resolved.connection, refusal, options)),
        refusedCheck('exchange', resolved, refusal, vendor),
      ];
    }
  }
  const exchanged = passed(
    'exchange',
    present ? 'The service accepted a fresh token.' : 'The cloud issued credentials for a fresh token.',
  );
  try {
    return [exchanged, passed('identity', await resolved.destination.identify(credentials, context))];
  } catch (error) {
    return [exchanged, refusedCheck('identity', resolved, cloudError(error), vendor)];
  }
}

const uncheckable: Check = {
  name: 'exchange',
  outcome: 'inconclusive',
  detail: 'The token is signed. Sojourn knows no call that shows whether the service accepts it.',
  advice: 'Sign in to the service with a token of the connection, as its programs do.',
};

/** A second attempt with a reduced target shows whether the settings that it lacks are the cause of the refusal. */
async function retryReduced(
  resolved: ResolvedConnection,
  actor: string,
  refusal: SojournError,
  { exchange, vendor }: CheckOptions,
): Promise<Check | undefined> {
  const { connection } = resolved;
  const reduced = cloudOf(connection.cloud).diagnosis?.reduce?.(connection.target);
  if (reduced === undefined || refusal.code !== 'cloud_trust_refused') return undefined;
  try {
    await exchange.attempt(resolveConnection({ ...connection, target: reduced.target }), actor);
  } catch (error) {
    if (error instanceof SojournError && error.code === 'audit_unavailable') throw error;
    return undefined;
  }
  return {
    ...refusedCheck('exchange', resolved, refusal, vendor),
    outcome: 'failed',
    ...reduced.cause,
    detail: `${refusal.code}: ${reduced.cause.detail}`,
  };
}
