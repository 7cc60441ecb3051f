/** The trust of a federated client: one issuer, one audience, and claims that identify one workload. */
import { z } from 'zod';
import { trustDomainPattern } from '../../platform/validation/index.ts';
import { privateMembers, type RemoteKey, usableKeys } from './jwks.ts';
import { type Pattern, patternField, segmentsOfSubject, wholeSegments } from './pattern.ts';
import { type PlatformName, platformNames, platformOf, platforms } from './platforms.ts';

/** Claims with their own fields or rules. */
const ownFields = ['iss', 'aud', 'sub', 'exp', 'iat', 'nbf', 'jti'];

const issuerField = z
  .string()
  .max(512, 'must not be over 512 characters')
  .refine(
    isPlainIssuer,
    'must be the exact https URL of the issuer (or spiffe://TRUST-DOMAIN), in canonical form',
  );

export const plainHttpsField = z
  .string()
  .max(512, 'must not be over 512 characters')
  .refine((text) => isPlainHttps(text), 'must be a plain https URL');

const publicJwk = z
  .looseObject({})
  .refine(
    (jwk) => !privateMembers.some((member) => Object.hasOwn(jwk, member)),
    'contains a private key; register only the public key, and treat this one as leaked',
  );

const jwksField = z.looseObject({
  keys: z.array(publicJwk).min(1, 'must contain at least one key').max(20, 'must contain 20 keys at most'),
});

/** In a SPIFFE trust bundle, keys for JWT-SVIDs have their own `use`. */
export const useOf = (platform: PlatformName | undefined) => (platform === 'spiffe' ? 'jwt-svid' : 'sig');

const fields = z.strictObject({
  method: z.literal('federated'),
  platform: z.enum(platformNames, `must be one of ${platformNames.join(', ')}`).exactOptional(),
  issuer: issuerField.exactOptional(),
  audience: z
    .string()
    .regex(/^[^\s\p{Cc}\p{Cs}*]{1,255}$/u, 'must be 1 to 255 characters, with no blank and no *'),
  subject: patternField.exactOptional(),
  claims: z
    .record(z.string().min(1).max(200), patternField)
    .refine((claims) => Object.keys(claims).length <= 20, 'must not contain more than 20 claims')
    .exactOptional(),
  jwks: jwksField.exactOptional(),
  jwks_uri: plainHttpsField.exactOptional(),
});

export interface Trust {
  readonly method: 'federated';
  readonly platform?: PlatformName;
  /** The exact value of iss; for the platform spiffe, the trust domain. */
  readonly issuer: string;
  readonly audience: string;
  readonly subject?: Pattern;
  readonly claims?: Readonly<Record<string, Pattern>>;
  /** Replaces the keys that the issuer publishes. */
  readonly jwks?: { readonly keys: readonly RemoteKey[] };
  readonly jwks_uri?: string;
}

/** A client's `auth` with the method `federated`. Fills in values that the platform implies. */
export const trustInput = fields
  .transform(({ jwks, ...given }): Trust => {
    const { fill, issuer } = platformOf(given.platform);
    const claims = { ...fill?.(given), ...given.claims };
    return {
      ...given,
      issuer: given.issuer ?? issuer ?? '',
      ...(Object.keys(claims).length > 0 ? { claims } : {}),
      ...(jwks ? { jwks: { keys: usableKeys(jwks, useOf(given.platform)).map((key) => ({ ...key })) } } : {}),
    };
  })
  .superRefine((trust, context) => {
    const refuse = (path: string, message: string) =>
      context.addIssue({ code: 'custom', message, path: splitOnce(path) });
    if (trust.issuer === '') refuse('issuer', 'is missing');
    const sharing = platformNames.find((name) => platforms[name].issuer === trust.issuer);
    if (sharing && sharing !== trust.platform)
      refuse(
        'platform',
        `must be ${sharing}: many customers share this issuer, and its rules require the claims that distinguish them`,
      );
    for (const { path, message } of platformOf(trust.platform).faults(trust)) refuse(path, message);
    for (const name of Object.keys(trust.claims ?? {})) {
      if (ownFields.includes(name))
        refuse(`claims.${name}`, 'cannot be set here; subject and audience have their own fields');
    }
    const { subject } = trust;
    if (typeof subject === 'object' && 'glob' in subject && wholeSegments(subject.glob) < segmentsOfSubject)
      refuse(
        'subject',
        `must name ${segmentsOfSubject} whole segments before its *; otherwise other customers of the issuer could match`,
      );
    if (trust.jwks && trust.jwks_uri) refuse('jwks_uri', 'cannot be combined with jwks');
    if (trust.jwks && trust.jwks.keys.length === 0)
      refuse(
        'jwks.keys',
        `holds no public key that can verify${trust.platform === 'spiffe' ? ' (use: jwt-svid)' : ''}`,
      );
    if (trust.issuer.startsWith('spiffe:') && trust.platform !== 'spiffe')
      refuse('issuer', 'is a trust domain, which requires the platform spiffe');
    if (trust.platform === 'spiffe' && !trust.jwks && !trust.jwks_uri)
      refuse('jwks_uri', 'is missing: give the URL of the trust bundle, or its keys as jwks');
  });

/** Splits at the first dot only, because a claim's name may contain dots. */
const splitOnce = (path: string): string[] => {
  const at = path.indexOf('.');
  return at < 0 ? [path] : [path.slice(0, at), path.slice(at + 1)];
};

function isPlainIssuer(text: string): boolean {
  return trustDomainPattern.test(text) || (isPlainHttps(text) && !text.includes('?'));
}

/** Accepts only the normalized spelling of a URL, because URLs are compared byte for byte. */
function isPlainHttps(text: string): boolean {
  if (!URL.canParse(text) || !/^https:\/\/[^/?#@\\]+([/?#]|$)/.test(text)) return false;
  const url = new URL(text);
  const spelled = url.pathname === '/' && !text.endsWith('/') ? url.href.replace(/\/(?=\?|$)/, '') : url.href;
  return text === spelled && !url.hash && !text.includes('#') && !url.hostname.endsWith('.');
}
