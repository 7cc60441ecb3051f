/** Compares a token's claims with a client's trust; the faults go to the audit log. Does not check signatures. Pure. */
import { createHash } from 'node:crypto';
import { matchesPattern, type Pattern, prefixOf, textOf } from './pattern.ts';
import { platformOf } from './platforms.ts';
import { type Claims, issuersIn } from './token.ts';
import type { Trust } from './trust.ts';

/** In seconds, for clock skew; RFC 7519 section 4.1.4 allows a few minutes at most. */
const leeway = 60;

/** All mismatches between the claims and the trust; empty if there are none. `now` in seconds since the epoch. */
export function faultsOf(trust: Trust, claims: Claims, now: number): readonly string[] {
  const faults: string[] = [];
  if (!issuersIn(claims).includes(trust.issuer)) faults.push(mismatch('iss', claims.iss, trust.issuer));
  if (!matchesAudience(claims.aud, trust)) faults.push(mismatch('aud', claims.aud, trust.audience));
  const pinned: [string, Pattern][] = Object.entries(trust.claims ?? {});
  if (trust.subject !== undefined) pinned.push(['sub', trust.subject]);
  for (const [name, pattern] of pinned) {
    const value = claimAt(claims, name);
    if (!matchesPattern(pattern, value)) faults.push(mismatch(name, value, pattern));
  }
  return [...faults, ...timeFaults(trust, claims, now)];
}

/**
 * Whether the token is for exactly this audience. A list is accepted only from platforms that always send one (Kubernetes,
 * and SPIRE through go-jose), and only with one member: any other audience in it could present the token here.
 */
function matchesAudience(aud: unknown, { audience, platform }: Trust): boolean {
  if (aud === audience) return true;
  return platformOf(platform).audienceInList && Array.isArray(aud) && aud.length === 1 && aud[0] === audience;
}

function timeFaults({ platform }: Trust, { exp, iat, nbf }: Claims, now: number): string[] {
  const { maxLifetime } = platformOf(platform);
  if (!isTime(exp)) return ['exp is missing'];
  const faults: string[] = [];
  if (exp + leeway <= now) faults.push('exp is in the past');
  // If iat is missing, uses the remaining lifetime, which is never longer than the whole lifetime.
  const issuedAt = isTime(iat) ? Math.min(iat, now) : now;
  if (exp - issuedAt > maxLifetime + leeway) faults.push(`exp is more than ${maxLifetime} s after iat`);
  if (iat !== undefined && (!isTime(iat) || iat > now + leeway)) faults.push('iat is in the future');
  if (nbf !== undefined && (!isTime(nbf) || nbf > now + leeway)) faults.push('nbf is in the future');
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

const mismatch = (name: string, value: unknown, wanted: Pattern): string =>
  value === undefined
    ? `${name} is missing, ${safeText(wanted)} is required`
    : `${name} is ${safeText(value)}, not ${safeText(wanted)}`;

/** A value for the audit log: limited in length, on one line, and without terminal control characters. */
export const safeText = (value: unknown): string => {
  const text = JSON.stringify(value) ?? '';
  const bounded = text.length > 100 ? `${text.slice(0, 100)}…` : text;
  return bounded.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  );
};

const anchors = ['sub', 'repository_id', 'project_id', 'oid'];
/** A name that no claim has, for subjects with a glob. */
const subjectPrefix = 'sub begins';

/**
 * The index key of a federated client: its issuer and the claim that identifies its workload. A lookup never reads clients
 * of other workloads. The key never changes.
 */
export function indexKeyOf(trust: Trust): string {
  const exactly = (name: string) => {
    const pattern = name === 'sub' ? trust.subject : trust.claims?.[name];
    return typeof pattern === 'string' ? pattern : undefined;
  };
  const order = [platformOf(trust.platform).anchor, ...anchors];
  const anchor = order.find((name) => exactly(name) !== undefined);
  if (anchor !== undefined) return indexKey(trust.issuer, anchor, exactly(anchor) ?? '');
  const { subject } = trust;
  return typeof subject === 'object' && 'glob' in subject
    ? indexKey(trust.issuer, subjectPrefix, prefixOf(subject.glob))
    : indexKey(trust.issuer, '', '');
}

/** The index keys of all clients that this token could match. */
export function indexKeysFor(claims: Claims): readonly string[] {
  return issuersIn(claims).flatMap((issuer) => [
    indexKey(issuer, '', ''),
    ...(typeof claims.sub === 'string' ? [indexKey(issuer, subjectPrefix, prefixOf(claims.sub))] : []),
    ...anchors.flatMap((name) => {
      const value = textOf(claims[name]);
      return value === undefined ? [] : [indexKey(issuer, name, value)];
    }),
  ]);
}

/** Hashed, because claim values from outside can have any length. */
const indexKey = (...parts: readonly string[]): string =>
  `federated:${createHash('sha256').update(JSON.stringify(parts)).digest('base64url')}`;
