/** Four verifiers with different kinds of JWKS caches, which fetch alternately from two replicas. */
import { createLocalJWKSet, createRemoteJWKSet, customFetch, type JSONWebKeySet, jwtVerify } from 'jose';

export interface Verifier {
  readonly name: string;
  /** Rejects when the token's key is not known to it, or the signature is bad. */
  readonly verify: (token: string) => Promise<void>;
  readonly fetches: () => number;
}

/** The shortest lead that a server in use takes is 30 minutes; what verifiers count in seconds shrinks as the lead does. */
const shortestLeadMs = 1_800_000;
const joseCooldownMs = 30_000;
const joseKeepsMs = 600_000;

type Keys = ReturnType<typeof createLocalJWKSet>;

export function verifiers(origins: readonly string[], issuer: string, leadMs: number): readonly Verifier[] {
  const scaled = (ms: number) => Math.ceil((ms * leadMs) / shortestLeadMs);
  const inTurn = () => {
    let fetches = 0;
    return {
      fetches: () => fetches,
      fetch: () => fetch(`${origins[fetches++ % origins.length]}/jwks`),
    };
  };
  const verifier = (name: string, from: ReturnType<typeof inTurn>, keys: (kid: string) => Promise<Keys>) => ({
    name,
    fetches: from.fetches,
    async verify(token: string) {
      const { kid } = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as {
        kid: string;
      };
      await jwtVerify(token, await keys(kid), { issuer });
    },
  });

  const jose = inTurn();
  const remote = createRemoteJWKSet(new URL(`${issuer}/jwks`), {
    cooldownDuration: scaled(joseCooldownMs),
    cacheMaxAge: scaled(joseKeepsMs),
    [customFetch]: jose.fetch,
  });
  const obedient = inTurn();
  const lazy = inTurn();
  const curious = inTurn();
  return [
    verifier('jose', jose, async () => remote as unknown as Keys),
    verifier(
      'one that fetches before max-age is over',
      obedient,
      cached(obedient.fetch, (age, maxAge) => age >= maxAge / 2),
    ),
    verifier(
      'one that fetches only when max-age is over',
      lazy,
      cached(lazy.fetch, (age, maxAge) => age >= maxAge),
    ),
    verifier(
      'one that fetches only for a kid that it does not know',
      curious,
      cached(curious.fetch, (age, _, knows) => !knows && age >= scaled(joseCooldownMs)),
    ),
  ];
}

/** Keys from the last fetch, which is made again when `isOver` says so; ages count from when the answer came, in ms. */
function cached(
  get: () => Promise<Response>,
  isOver: (ageMs: number, maxAgeMs: number, knows: boolean) => boolean,
): (kid: string) => Promise<Keys> {
  interface Held {
    readonly keys: Keys;
    readonly kids: ReadonlySet<string>;
    readonly maxAgeMs: number;
    readonly at: number;
  }
  let held: Held | undefined;
  let fetching: Promise<Held> | undefined;
  const fetchKeys = async (): Promise<Held> => {
    const answer = await get();
    if (answer.status !== 200) throw new Error(`the JWKS answered ${answer.status}`);
    const [, seconds] = /max-age=(\d+)/.exec(answer.headers.get('cache-control') ?? '') ?? [];
    const set = (await answer.json()) as JSONWebKeySet;
    const kids = new Set(set.keys.map(({ kid }) => String(kid)));
    return { keys: createLocalJWKSet(set), kids, maxAgeMs: Number(seconds) * 1000, at: performance.now() };
  };
  return async (kid) => {
    if (!held || isOver(performance.now() - held.at, held.maxAgeMs, held.kids.has(kid))) {
      fetching ??= fetchKeys().finally(() => {
        fetching = undefined;
      });
      held = await fetching;
    }
    return held.keys;
  };
}
