/** What the server says of itself, and what to make of it. */
import { type Check, failed, passed, warned } from './check.ts';

export interface Told {
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
  readonly connections: readonly { readonly id: string; readonly state: string }[];
  readonly clients: readonly {
    readonly client_id: string;
    readonly auth: { readonly method: string };
    readonly secrets: readonly { readonly created_at: string }[];
  }[];
}

/** A Date header has whole seconds, and an answer takes its time. */
const clockWarnMs = 10_000;
/** By then the clouds' own tolerance for `iat` and `nbf` is used up. */
const clockFailMs = 60_000;

export function checkClock(serverDate: string | undefined, now: number): Check {
  const at = Date.parse(serverDate ?? '');
  const advice = 'Set both clocks by NTP: the clouds refuse tokens from the future and expired ones.';
  if (Number.isNaN(at)) return warned('clock', 'the server sends no Date', advice);
  const off = Math.abs(at - now);
  const detail = `${Math.round(off / 1000)} s between the server and this machine`;
  if (off >= clockFailMs) return failed('clock', detail, advice);
  return off >= clockWarnMs ? warned('clock', detail, advice) : passed('clock', detail);
}

/** Told by /readyz although requests may come. */
const notes: Readonly<Record<string, string>> = {
  rotation: 'Let the named places serve what the server serves; `sojourn keys list` shows the keys.',
  clock_jump: 'Set the clock of the server by NTP, and see what was refused since: `sojourn audit search`.',
  key_clock:
    'Set the clock of the server (NTP) and restart it; docs/keys.md says how keys with wrong times heal.',
  key_times: 'Take keys.allow_short_times out of the configuration.',
};

export const checkReadiness = (checks: Told['readiness']): readonly Check[] =>
  checks.map(({ name, ok, detail }) => {
    if (!ok) return failed(name, detail, 'See the log of the server.');
    const advice = notes[name];
    return advice === undefined ? passed(name, detail) : warned(name, detail, advice);
  });

export function checkKeys(keys: Told['keys']): Check {
  const active = keys.filter(({ state }) => state === 'active');
  const alone = active.filter(({ alg }) => !keys.some((key) => key.alg === alg && key.state === 'next'));
  const detail = active.map(({ alg, activated_at }) => `${alg} signs since ${activated_at}`).join(', ');
  return alone.length === 0
    ? passed('key_ring', detail)
    : failed(
        'key_ring',
        `there is no next key for ${alone.map(({ alg }) => alg).join(', ')}`,
        'See the log of the server: it cannot make keys.',
      );
}

/** How many are named in an advice. */
const namedAtMost = 3;

export function checkConnections(connections: Told['connections']): Check {
  const inState = (state: string) => connections.filter((one) => one.state === state);
  const failing = inState('failing');
  const counts = ['active', 'pending', 'failing', 'disabled']
    .map((state) => `${inState(state).length} ${state}`)
    .join(', ');
  if (failing.length === 0) return passed('connections', counts);
  const named = failing.slice(0, namedAtMost).map(({ id }) => `\`sojourn connection verify ${id}\``);
  return warned('connections', counts, `Find out why: ${named.join(', ')}.`);
}

const dayMs = 86_400_000;
/** A quarter: what most rules for passwords of machines ask for. */
const secretDays = 90;

export function checkSecrets(clients: Told['clients'], now: number): Check {
  const backends = clients.filter(({ auth }) => auth.method === 'client_secret');
  const ages = backends.flatMap(({ client_id, secrets }) =>
    secrets.map(({ created_at }) => ({
      client_id,
      days: Math.floor((now - Date.parse(created_at)) / dayMs),
    })),
  );
  const oldest = ages.toSorted((a, b) => b.days - a.days)[0];
  if (!oldest) return passed('shared_secrets', 'no client has one');
  const detail = `${counted(ages.length, 'secret')} of ${counted(backends.length, 'client')}, the oldest ${counted(oldest.days, 'day')} old`;
  return oldest.days < secretDays
    ? passed('shared_secrets', detail)
    : warned(
        'shared_secrets',
        detail,
        `Give ${oldest.client_id} another secret, or a key of its own (private_key_jwt), which nobody has to share.`,
      );
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
