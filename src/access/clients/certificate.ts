/** The registration of a client with a certificate (RFC 8705 section 2): one name in it, or the certificate itself. */
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { z } from 'zod';
import { spiffeIdPattern } from '../../platform/validation/index.ts';
import {
  canonicalName,
  certificateInPem,
  type NameType,
  nameTypes,
  parseName,
  readDer,
} from '../certificates/index.ts';
import { privateMembers } from '../federation/index.ts';

const host = '(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$';
const forms: Readonly<
  Record<Exclude<NameType, 'subject_dn'>, [fits: (text: string) => boolean, form: string]>
> = {
  san_dns: [(text) => new RegExp(`^${host}`, 'i').test(text), 'a host name, with no *'],
  san_uri: [
    (text) =>
      URL.canParse(text) &&
      (!/^spiffe:/i.test(text) || spiffeIdPattern.test(text)) &&
      /^[a-z][a-z0-9+.-]*:[!$&-;=?-Z_a-z~%#@[\]]+$/i.test(text),
    'a whole URI with no *, such as spiffe://TRUST-DOMAIN/PATH',
  ],
  san_ip: [
    (text) => isIP(text) === 4 || (isIP(text) === 6 && URL.canParse(`http://[${text}]`)),
    'one IP address',
  ],
  san_email: [
    (text) => new RegExp(`^[\\w.!#$%&'+/=?^\`{|}~-]{1,64}@${host}`, 'i').test(text),
    'an e-mail address',
  ],
};

const alternativeName = (type: keyof typeof forms) =>
  z
    .string()
    .max(512, 'must not be over 512 characters')
    .refine((text) => !text.includes('*') && forms[type][0](text), `must be ${forms[type][1]}`)
    .transform((text) => canonicalName(type, text))
    .exactOptional();

const subject = z
  .string()
  .max(512, 'must not be over 512 characters')
  .superRefine((text, context) => {
    try {
      parseName(text);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
    }
  })
  .exactOptional();

const asPem = (certificate: X509Certificate): string => certificate.toString().trim();
const unusable = 'is not one certificate with an RSA (2048 bits or more), EC or Ed25519 key';

const certificate = (read: (text: string) => X509Certificate | undefined) =>
  z.string().transform((text, context) => {
    const found = read(text);
    if (found && isUsable(found)) return asPem(found);
    context.addIssue({ code: 'custom', message: unusable });
    return z.NEVER;
  });

function isUsable({
  publicKey: { asymmetricKeyType: type, asymmetricKeyDetails: details },
}: X509Certificate) {
  if (type === 'rsa') return (details?.modulusLength ?? 0) >= 2048;
  return (
    type === 'ed25519' || (type === 'ec' && /^(prime256v1|secp(384|521)r1)$/.test(details?.namedCurve ?? ''))
  );
}

const leaked = 'contains a private key; register only the public key, and treat this one as leaked';

const several = <T extends z.ZodType>(one: T) =>
  z
    .array(one)
    .min(1, 'must contain at least one certificate')
    .max(10, 'must contain 10 certificates at most');

const fields = z.strictObject({
  method: z.literal('tls'),
  subject_dn: subject,
  san_dns: alternativeName('san_dns'),
  san_uri: alternativeName('san_uri'),
  san_ip: alternativeName('san_ip'),
  san_email: alternativeName('san_email'),
  self_signed: z.literal(true, 'must be true or missing').exactOptional(),
  certificates: several(certificate(certificateInPem)).exactOptional(),
  jwks: z
    .strictObject({
      keys: several(
        z
          .looseObject({ x5c: z.tuple([certificate(readDer)], z.string()) })
          .refine((jwk) => !privateMembers.some((member) => member in jwk), leaked),
      ),
    })
    .exactOptional(),
});

/** A client's `auth` with the method `tls`. A JWKS with `x5c` is stored as the certificates that it contains. */
export const certificateInput = fields
  .superRefine(({ self_signed, certificates, jwks, ...names }, context) => {
    const refuse = (path: string, message: string) =>
      context.addIssue({ code: 'custom', message, path: path === '' ? [] : [path] });
    const named = nameTypes.filter((type) => names[type] !== undefined);
    if (self_signed) {
      for (const type of named)
        refuse(type, 'cannot be combined with self_signed, which registers the certificate itself');
      if ((certificates === undefined) === (jwks === undefined))
        refuse('certificates', 'must be set, or jwks instead, but not both');
      return;
    }
    for (const [path, value] of Object.entries({ certificates, jwks }))
      if (value !== undefined) refuse(path, 'requires self_signed: true');
    if (named.length !== 1)
      refuse('', `must have exactly one of ${nameTypes.join(', ')}, or self_signed: true`);
  })
  .transform(({ jwks, ...given }) =>
    jwks ? { ...given, certificates: jwks.keys.map(({ x5c: [first] }) => first) } : given,
  );
