/** The schemas of a client: its record and its API inputs. */
import { createPublicKey } from 'node:crypto';
import { z } from 'zod';
import { nameField, timestamp } from '../../platform/validation/index.ts';
import { plainHttpsField, privateMembers, trustInput } from '../federation/index.ts';
import { certificateInput } from './certificate.ts';
import type { Method } from './methods.ts';
import { ruleInput } from './rules.ts';
import { secretRecord } from './secrets.ts';

const rsaBits = 2048;

const publicKey = z
  .looseObject({
    kty: z.enum(['RSA', 'EC', 'OKP'], 'must be RSA, EC or OKP'),
    kid: z.string().min(1).max(200).optional(),
  })
  .superRefine((jwk, context) => {
    const refuse = (message: string) => context.addIssue({ code: 'custom', message });
    if (privateMembers.some((member) => member in jwk))
      return refuse('contains a private key; register only the public key, and treat this one as leaked');
    try {
      const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey({ key: { ...jwk }, format: 'jwk' });
      if (asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) < rsaBits)
        refuse(`is an RSA key under ${rsaBits} bits`);
      if (asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve !== 'prime256v1')
        refuse('must be on the curve P-256');
      if (asymmetricKeyType === 'ed448' || asymmetricKeyType?.startsWith('x'))
        refuse('must be Ed25519 when its kty is OKP');
    } catch {
      refuse('is not a public key in JWK form (RFC 7517)');
    }
  })
  .transform(({ kty, kid, n, e, crv, x, y }) =>
    Object.fromEntries(
      Object.entries({ kty, kid, n, e, crv, x, y }).filter(([, value]) => value !== undefined),
    ),
  );

export const authInput = z.discriminatedUnion(
  'method',
  [
    z.strictObject({ method: z.literal('client_secret') }),
    z
      .strictObject({
        method: z.literal('private_key_jwt'),
        jwks: z
          .strictObject({
            keys: z
              .array(publicKey)
              .min(1, 'must contain at least one key')
              .max(10, 'must contain 10 keys at most'),
          })
          .exactOptional(),
        jwks_uri: plainHttpsField
          .exactOptional()
          .describe(
            'URL of the client’s JWKS, instead of jwks; must be in clients.jwks_uris of the configuration.',
          ),
      })
      .superRefine(({ jwks, jwks_uri }, context) => {
        const refuse = (message: string) => context.addIssue({ code: 'custom', message, path: ['jwks'] });
        if (jwks && jwks_uri !== undefined) refuse('cannot be combined with jwks_uri');
        if (!jwks && jwks_uri === undefined)
          refuse('is missing; give the keys, or a jwks_uri in their place');
      }),
    trustInput,
    certificateInput,
  ],
  'must be client_secret, private_key_jwt, federated or tls',
) satisfies z.ZodType<{ readonly method: Method }>;

/** What an answer contains unchanged. */
export const clientRecord = z.object({
  client_id: z.string(),
  name: z.string(),
  disabled: z.boolean(),
  created_at: timestamp,
  updated_at: timestamp,
});

/** As it is stored. */
export const storedClient = z.strictObject({
  ...clientRecord.shape,
  auth: authInput,
  may_use: z.array(ruleInput),
  secrets: z.array(z.strictObject(secretRecord.shape)),
});

export const clientInput = z.strictObject({
  name: nameField,
  auth: authInput.default({ method: 'client_secret' }),
  may_use: z.array(ruleInput).max(1000).default([]),
});

/**
 * The authentication method never changes. A private_key_jwt client can get other keys, a tls client another certificate
 * or name, and a federated client other claims, except those that identify its workload.
 */
export const clientPatch = z.strictObject({
  name: nameField.optional(),
  auth: authInput.optional(),
  may_use: z.array(ruleInput).max(1000).optional(),
  disabled: z.boolean().optional(),
});

export type ClientInput = z.output<typeof clientInput>;
export type ClientPatch = z.output<typeof clientPatch>;
