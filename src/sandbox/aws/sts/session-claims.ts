/** Claims about the session: tags, source identity, and the roles that the token is limited to. */
import { isObject, type Jws } from '../../jws.ts';
import { invalidToken } from './claims.ts';

export interface SessionClaims {
  /** Key → value. */
  readonly tags: ReadonlyMap<string, string>;
  readonly transitiveTagKeys: readonly string[];
  readonly sourceIdentity: string | undefined;
  /** Undefined if the token names no role. */
  readonly roles: readonly string[] | undefined;
}

const prefix = 'https://aws.amazon.com/';

export function readSessionClaims({ claims }: Jws): SessionClaims {
  return {
    tags: readTags(claims),
    transitiveTagKeys: readTransitiveKeys(claims),
    sourceIdentity: readSourceIdentity(claims[`${prefix}source_identity`]),
    roles: readRoles(claims[`${prefix}roles`]),
  };
}

/** Nested, each value a list with one item; or flat, each value a string. */
function readTags(claims: Jws['claims']): Map<string, string> {
  const tags = new Map<string, string>();
  const nested = claims[`${prefix}tags`];
  if (nested !== undefined) {
    const principalTags = isObject(nested) ? (nested.principal_tags ?? {}) : undefined;
    if (!isObject(principalTags)) throw wrongTags();
    for (const [key, values] of Object.entries(principalTags)) {
      if (!Array.isArray(values) || values.length !== 1) throw wrongTags();
      tags.set(key, tagValue(values[0]));
    }
  }
  const flat = `${prefix}tags/principal_tags/`;
  for (const [name, value] of Object.entries(claims))
    if (name.startsWith(flat)) tags.set(name.slice(flat.length), tagValue(value));
  if (tags.size > 50 || [...tags.keys()].some((key) => key.length < 1 || key.length > 128)) throw wrongTags();
  return tags;
}

function tagValue(value: unknown): string {
  if (typeof value !== 'string' || value.length > 256) throw wrongTags();
  return value;
}

function readTransitiveKeys(claims: Jws['claims']): string[] {
  const nested = claims[`${prefix}tags`];
  const keys =
    claims[`${prefix}tags/transitive_tag_keys`] ??
    (isObject(nested) ? nested.transitive_tag_keys : undefined);
  if (keys === undefined) return [];
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === 'string'))
    throw invalidToken('transitive_tag_keys passed in claim is not in correct format.');
  return keys;
}

function readSourceIdentity(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || !/^[\w+=,.@-]{2,64}$/.test(value))
    throw invalidToken('source_identity passed in claim is not in correct format.');
  return value;
}

const roleArn = /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/;

function readRoles(claim: unknown): string[] | undefined {
  if (claim === undefined || claim === null) return undefined;
  if (typeof claim !== 'string' && !Array.isArray(claim))
    throw invalidToken('The roles claim is not in a supported format');
  const entries: unknown[] =
    typeof claim === 'string' ? claim.split(';').map((entry) => entry.trim()) : claim;
  const roles = entries.filter((entry) => typeof entry === 'string').filter((entry) => roleArn.test(entry));
  if (roles.length === 0) throw invalidToken('The roles claim contains no valid role ARNs');
  return roles;
}

const wrongTags = (): Error => invalidToken('principal_tags passed in claim is not in correct format.');
