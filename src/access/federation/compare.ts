/** Holds a token against a client's trust. Pure; every fault is for the audit, the signature is looked at elsewhere. */
import { createHash } from 'node:crypto';
import { kindOf } from './kinds.ts';
import { beginningOf, fits, type Pattern, textOf } from './pattern.ts';
import { type Claims, issuersIn } from './token.ts';
import type { Trust } from './trust.ts';

/** Clocks differ; RFC 7519 section 4.1.4 speaks of a few minutes at most. */
const leeway = 60;

/** What does not fit, each as half a sentence; none when all does. `now` in seconds. */
export function faultsOf(trust: Trust, claims: Claims, now: number): readonly string[] {
  const faults: string[] = [];
  if (!issuersIn(claims).includes(trust.issuer)) faults.push(differs('iss', claims.iss, trust.issuer));
  if (!isFor(claims.aud, trust)) faults.push(differs('aud', claims.aud, trust.audience));
  const pinned: [string, Pattern][] = Object.entries(trust.claims ?? {});
  if (trust.subject !== undefined) pinned.push(['sub', trust.subject]);
  for (const [name, pattern] of pinned) {
    const value = claimAt(claims, name);
    if (!fits(pattern, value)) faults.push(differs(name, value, pattern));
  }
  return [...faults, ...timeFaults(trust, claims, now)];
}

/**
 * Exactly this audience. A list is taken of kinds that always write one (Kubernetes' API is a list, and so is go-jose's
 * in SPIRE), and then of one member: whoever else is named in it could present the token here.
 */
function isFor(aud: unknown, { audience, preset }: Trust): boolean {
  if (aud === audience) return true;
  return kindOf(preset).audienceInList && Array.isArray(aud) && aud.length === 1 && aud[0] === audience;
}

function timeFaults({ preset }: Trust, { exp, iat, nbf }: Claims, now: number): string[] {
  const { maxLife } = kindOf(preset);
  if (!isTime(exp)) return ['exp is missing'];
  const faults: string[] = [];
  if (exp + leeway <= now) faults.push('exp is past');
  // Also where iat is missing: what is left of its life is never longer than its life.
  const begun = isTime(iat) ? Math.min(iat, now) : now;
  if (exp - begun > maxLife + leeway) faults.push(`exp is more than ${maxLife} s after iat`);
  if (iat !== undefined && (!isTime(iat) || iat > now + leeway)) faults.push('iat lies in the future');
  if (nbf !== undefined && (!isTime(nbf) || nbf > now + leeway)) faults.push('nbf lies in the future');
  return faults;
}

const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

/** A claim by its name or, with a leading slash, by a JSON Pointer into it (RFC 6901). Own members only. */
export function claimAt(claims: Claims, name: string): unknown {
  const path = name.startsWith('/')
    ? name
        .slice(1)
        .split('/')
        .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    : [name];
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, part)
        ? (value as Claims)[part]
        : undefined,
    claims,
  );
}

const differs = (name: string, value: unknown, wanted: Pattern): string =>
  value === undefined
    ? `${name} is missing, ${shown(wanted)} is wanted`
    : `${name} is ${shown(value)}, not ${shown(wanted)}`;

/** A value as it may stand in the audit: bounded, on one line, and with nothing in it that a terminal would obey. */
export const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? '';
  const bounded = text.length > 100 ? `${text.slice(0, 100)}…` : text;
  return bounded.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  );
};

const anchors = ['sub', 'repository_id', 'project_id', 'oid'];
/** No claim has this name. */
const beginning = 'sub begins';

/**
 * Under what a client is found: its issuer and the claim that names its workload. Looking one up never reads the clients
 * of other workloads, however many there are. Fixed for the client's life.
 */
export function drawerOf(trust: Trust): string {
  const exactly = (name: string) => {
    const pattern = name === 'sub' ? trust.subject : trust.claims?.[name];
    return typeof pattern === 'string' ? pattern : undefined;
  };
  const order = [kindOf(trust.preset).anchor, ...anchors];
  const anchor = order.find((name) => exactly(name) !== undefined);
  if (anchor !== undefined) return drawer(trust.issuer, anchor, exactly(anchor) ?? '');
  const { subject } = trust;
  return typeof subject === 'object' && 'glob' in subject
    ? drawer(trust.issuer, beginning, beginningOf(subject.glob))
    : drawer(trust.issuer, '', '');
}

/** Where the clients are that could be meant by this token. */
export function drawersFor(claims: Claims): readonly string[] {
  return issuersIn(claims).flatMap((issuer) => [
    drawer(issuer, '', ''),
    ...(typeof claims.sub === 'string' ? [drawer(issuer, beginning, beginningOf(claims.sub))] : []),
    ...anchors.flatMap((name) => {
      const value = textOf(claims[name]);
      return value === undefined ? [] : [drawer(issuer, name, value)];
    }),
  ]);
}

/** Hashed, since values from outside have any length. */
const drawer = (...parts: readonly string[]): string =>
  `federated:${createHash('sha256').update(JSON.stringify(parts)).digest('base64url')}`;
