/** Checks of what the server reports about itself through its admin API. */
import { type Check, failed, passed, warned } from './check.ts';

export interface DoctorInput {
  readonly adminUrl: string;
  readonly issuer: {
    readonly issuer: string;
    readonly discovery: Readonly<Record<string, unknown>>;
    readonly jwks: { readonly keys: readonly Readonly<Record<string, unknown>>[] };
  };
  /** The Date header of an answer (RFC 9110 section 6.6.1). */
  readonly serverDate: string | undefined;
  readonly readiness: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
  readonly keys: readonly {
    readonly alg: string;
    readonly state: string;
    readonly activated_at: string | null;
  }[];
  readonly connections: readonly {
    readonly id: string;
    readonly state: string;
    readonly cloud: string;
    readonly issuer: string;
  }[];
  /** The issuer in a configuration file that the caller names. */
  readonly configured?: string | undefined;
  readonly clients: readonly {
    readonly client_id: string;
    readonly auth: { readonly method: string };
    readonly secrets: readonly { readonly created_at: string }[];
  }[];
}

/** A Date header has whole seconds, and the answer takes time to arrive. */
const clockWarnMs = 10_000;
/** Beyond the clouds' tolerance for `iat` and `nbf`. */
const clockFailMs = 60_000;

export function checkClock(serverDate: string | undefined, now: number): Check {
  const serverTime = Date.parse(serverDate ?? '');
  const advice =
    'Synchronize both clocks by NTP: the clouds refuse expired tokens and tokens from the future.';
  if (Number.isNaN(serverTime)) return warned('clock', 'the server sends no Date header', advice);
  const skew = Math.abs(serverTime - now);
  const detail = `the clocks of the server and this machine differ by ${Math.round(skew / 1000)} s`;
  if (skew >= clockFailMs) return failed('clock', detail, advice);
  return skew >= clockWarnMs ? warned('clock', detail, advice) : passed('clock', detail);
}

/** Checks that /readyz reports although the server is ready. */
const warningAdvice: Readonly<Record<string, string>> = {
  key_rotation:
    'Make the named URLs serve the same documents as the server; `sojourn keys list` shows the keys.',
  clock_jump:
    'Synchronize the clock of the server by NTP, and see what was refused since: `sojourn audit search`.',
  key_clock:
    'Synchronize the clock of the server by NTP and restart it; docs/keys.md explains how keys with wrong times recover.',
  short_key_times: 'Remove keys.allow_short_times from the configuration.',
};

export const checkReadiness = (checks: DoctorInput['readiness']): readonly Check[] =>
  checks.map(({ name, ok, detail }) => {
    if (!ok) return failed(name, detail, 'Read the log of the server.');
    const advice = warningAdvice[name];
    return advice === undefined ? passed(name, detail) : warned(name, detail, advice);
  });

export function checkKeys(keys: DoctorInput['keys']): Check {
  const active = keys.filter(({ state }) => state === 'active');
  const withoutNext = active.filter(
    ({ alg }) => !keys.some((key) => key.alg === alg && key.state === 'next'),
  );
  const detail = active.map(({ alg, activated_at }) => `${alg} in use since ${activated_at}`).join(', ');
  return withoutNext.length === 0
    ? passed('key_ring', detail)
    : failed(
        'key_ring',
        `there is no next key for ${withoutNext.map(({ alg }) => alg).join(', ')}`,
        'Read the log of the server: it cannot create keys.',
      );
}

/** How many connections an advice names. */
const maxNamed = 3;

export function checkConnections(connections: DoctorInput['connections']): Check {
  const inState = (state: string) => connections.filter((connection) => connection.state === state);
  const failing = inState('failing');
  const counts = ['active', 'pending', 'failing', 'disabled']
    .map((state) => `${inState(state).length} ${state}`)
    .join(', ');
  if (failing.length === 0) return passed('connections', counts);
  const named = failing.slice(0, maxNamed).map(({ id }) => `\`sojourn connection verify ${id}\``);
  return warned('connections', counts, `Find the cause with ${named.join(', ')}.`);
}

/** A store of an earlier version did not record its issuer, so a server could be started with another one. */
export function checkIssuer({ issuer: { issuer }, connections, configured }: DoctorInput): Check {
  const shared = issuer.replace(/\/t\/ten_\w+$/, '');
  const other = connections.find(
    (connection) => connection.issuer !== shared && !connection.issuer.startsWith(`${shared}/t/`),
  );
  if (other)
    return failed(
      'issuer',
      `the server is ${shared}, and the connection ${other.id} has the issuer ${other.issuer}`,
      'Set `issuer` to the one that the customers trust, and restart the server.',
    );
  return configured === undefined || configured === shared
    ? passed('issuer', shared)
    : failed(
        'issuer',
        `the server is ${shared}, and the configuration names ${configured}: the next start will fail`,
        `Set \`issuer\` to ${shared} again.`,
      );
}

const dayMs = 86_400_000;
/** Common rotation rules for machine secrets ask for 90 days. */
const secretDays = 90;

export function checkSecrets(clients: DoctorInput['clients'], now: number): Check {
  const backends = clients.filter(({ auth }) => auth.method === 'client_secret');
  const ages = backends.flatMap(({ client_id, secrets }) =>
    secrets.map(({ created_at }) => ({
      client_id,
      days: Math.floor((now - Date.parse(created_at)) / dayMs),
    })),
  );
  const oldest = ages.toSorted((a, b) => b.days - a.days)[0];
  if (!oldest) return passed('shared_secrets', 'no client has a secret');
  const detail = `${countOf(ages.length, 'secret')} of ${countOf(backends.length, 'client')}, the oldest ${countOf(oldest.days, 'day')} old`;
  return oldest.days < secretDays
    ? passed('shared_secrets', detail)
    : warned(
        'shared_secrets',
        detail,
        `Replace the secret of ${oldest.client_id}, or use private_key_jwt, which shares no secret.`,
      );
}

const countOf = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
