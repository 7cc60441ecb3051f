/**
 * Lints the uploaded keys of a provider. Google trusts them and does not fetch the issuer's JWKS, so the
 * holder of one of the private keys can sign our subject.
 */
import type { SetupFacts } from '../../contract/index.ts';
import { describeValue, type Finding, isJsonObject, type JsonObject, type Severity } from '../../lint.ts';
import type { GcpTarget } from '../target.ts';

const path = 'oidc.jwksJson';

export function keyFindings(
  { uploaded_jwks }: GcpTarget,
  { jwks = [] }: SetupFacts,
  document: JsonObject,
): Finding[] {
  const find = (rule: string, severity: Severity, detail: string, advice: string): Finding => ({
    ...{ rule, severity, path, detail, advice },
  });
  const advice = uploaded_jwks
    ? 'Upload the file jwks.json of the connection.'
    : 'Remove the uploaded keys, so that Google reads the keys of the issuer.';
  const text = isJsonObject(document.oidc) ? document.oidc.jwksJson : undefined;
  if (text === undefined || text === '')
    return uploaded_jwks
      ? [
          find(
            'jwks_missing',
            'blocks_access',
            'No keys are uploaded, and the connection says that Google cannot fetch them.',
            advice,
          ),
        ]
      : [];
  const keys = keysIn(text);
  if (!keys)
    return [
      find(
        'jwks',
        'blocks_access',
        `${describeValue(text)} is no key set: Google accepts it, and every exchange fails.`,
        advice,
      ),
    ];
  const rejected = keys.find((key) => !isAccepted(key));
  const foreign = keys.find((key) => !jwks.some((own) => isSameKey(own, key)));
  const missing = jwks.filter((own) => !keys.some((key) => isSameKey(own, key)));
  const isAbsent = missing.length === jwks.length || missing.includes(jwks[0] as (typeof jwks)[number]);
  return [
    ...(rejected || keys.length > maxKeys
      ? [
          find(
            'not_accepted',
            'blocks_access',
            `Google rejects the key set: ${rejected ? `the key ${describeValue(rejected.kid)} has a type or a member that it does not accept` : `it has more than ${maxKeys} keys`}.`,
            advice,
          ),
        ]
      : []),
    ...(foreign
      ? [
          find(
            'foreign_key',
            'overly_permissive',
            `The key ${describeValue(foreign.kid)} is not known to be one of this issuer: its holder can sign any subject, for example this connection's.`,
            advice,
          ),
        ]
      : []),
    ...(isAbsent
      ? [find('key_missing', 'blocks_access', 'The key with which the issuer signs is not uploaded.', advice)]
      : missing.length > 0
        ? [
            find(
              'keys_missing',
              'weak',
              `The issuer will sign with keys that are not uploaded, for example ${describeValue(missing[0]?.kid)}.`,
              advice,
            ),
          ]
        : []),
    ...(uploaded_jwks
      ? []
      : [
          find(
            'jwks_uploaded',
            'weak',
            'The keys are uploaded: Google will not know the next key of the issuer, because the connection does not say uploaded_jwks.',
            advice,
          ),
        ]),
  ];
}

const maxKeys = 8;

function keysIn(text: unknown): readonly JsonObject[] | undefined {
  try {
    const set: unknown = JSON.parse(String(text));
    return isJsonObject(set) && Array.isArray(set.keys) && set.keys.every(isJsonObject)
      ? set.keys
      : undefined;
  } catch {
    return undefined;
  }
}

const members = ['kty', 'alg', 'use', 'kid', 'n', 'e', 'x', 'y', 'crv'];

const isAccepted = (key: JsonObject): boolean =>
  Object.keys(key).every((name) => members.includes(name)) &&
  (key.kty === 'RSA' || (key.kty === 'EC' && key.crv === 'P-256'));

/** Google picks the key by its kid. */
const isSameKey = (own: JsonObject, key: JsonObject): boolean =>
  ['kty', 'kid', 'n', 'e', 'crv', 'x', 'y'].every((name) => own[name] === key[name]);
