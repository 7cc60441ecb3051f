/** The target of a Google Cloud connection: the provider, the service account, and the scopes and lifetime of its tokens. */
import { z } from 'zod';
import { audienceField } from '../audience.ts';
import { providerName } from './names.ts';

/** The audience of tokens for AWS. */
export const wrongAudience = 'sts.amazonaws.com';

const oneHour = 3600;
export const cloudPlatform = 'https://www.googleapis.com/auth/cloud-platform';

/** Also accepts a JSON number. */
const projectNumberField = z.preprocess(
  (input) => (Number.isSafeInteger(input) ? String(input) : input),
  z
    .string('must be a string of digits')
    .regex(
      /^[1-9]\d{0,18}$/,
      "must be the project's number, not its id: gcloud projects describe PROJECT_ID --format='value(projectNumber)'",
    ),
);

const idField = z
  .string('must be a string')
  .regex(/^[a-z0-9-]{4,32}$/, 'must be 4 to 32 lower-case letters, digits or hyphens')
  .regex(/^(?!gcp-)/, 'must not begin with gcp-, which Google reserves');

const serviceAccountField = z
  .string('must be a string')
  .max(256, 'must be 256 characters at most')
  .regex(
    /^[a-z0-9][a-z0-9.-]*@[a-z0-9][a-z0-9.-]*\.gserviceaccount\.com$/,
    'must be the e-mail address of a service account',
  );

/** The characters of a scope: RFC 6749 section 3.3. */
const scopeField = z
  .string('must be a string')
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/, 'must be one scope');

export const scopesField = z
  .array(scopeField, 'must be a list of scopes')
  .min(1, 'must name one scope or more')
  .max(20, 'must be 20 scopes at most');

export const lifetimeField = z
  .int('must be a whole number of seconds')
  .min(300, 'must be 300 seconds or more')
  .max(43_200, 'must be 43200 seconds at most');

export const publicUniverse = 'googleapis.com';

const universeField = z
  .string('must be a string')
  .max(253, 'must be 253 characters at most')
  .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, `must be a domain, such as ${publicUniverse}`);

const withoutAccount = z.looseObject({
  service_account: z.undefined().optional(),
  lifetime_seconds: lifetimeField,
});

export const target = z
  .strictObject({
    project_number: projectNumberField,
    pool_id: idField,
    provider_id: idField,
    /** Without it, the token of the federated identity is used. */
    service_account: serviceAccountField.optional(),
    scopes: scopesField.default([cloudPlatform]),
    /** The provider has a JWKS uploaded by the customer and does not fetch ours: each new key is uploaded before it signs. */
    uploaded_jwks: z.boolean('must be true or false').optional(),
    /** More than an hour needs a service account, and the permission of the organization. */
    lifetime_seconds: lifetimeField.optional(),
    /** Another universe than Google's own: its APIs have other hosts. */
    universe_domain: universeField.optional(),
    audience: audienceField(wrongAudience).optional(),
  })
  .refine(({ lifetime_seconds = 0 }) => lifetime_seconds <= oneHour, {
    path: ['lifetime_seconds'],
    message: `must be ${oneHour} seconds at most without a service_account`,
    // Checked even if other fields are invalid, so that all faults are reported together.
    when: ({ value }) => withoutAccount.safeParse(value).success,
  })
  .transform((target) =>
    target.service_account ? { ...target, lifetime_seconds: target.lifetime_seconds ?? oneHour } : target,
  );

export type GcpTarget = z.output<typeof target>;

/** By default the one of the provider: at most 168 characters; Google advises less than 180. */
export const audience = (target: GcpTarget): string => target.audience ?? `https:${exchangeAudience(target)}`;

/** The origin of an API in the universe of the target. */
export const apiOf = (
  service: string,
  { universe_domain = publicUniverse }: Pick<GcpTarget, 'universe_domain'>,
): string => `https://${service}.${universe_domain}`;

/** The `audience` parameter of the token exchange: the provider, in every universe with this host. */
export const exchangeAudience = (target: GcpTarget): string => `//iam.googleapis.com/${providerName(target)}`;

/** Google limits a federated token to the lifetime of ours; the token of a service account has its own lifetime. */
export const tokenSeconds = ({ service_account, lifetime_seconds }: GcpTarget): number | undefined =>
  service_account ? undefined : lifetime_seconds;

/** The scope of a federated token that is only used to impersonate a service account. */
export const impersonationScope = cloudPlatform;
