/** Which workload identity provider is entered, as which service account, and for how long. */
import { z } from 'zod';
import { providerName } from './names.ts';

const wholeHour = 3600;
export const cloudPlatform = 'https://www.googleapis.com/auth/cloud-platform';

/** Digits in JSON may well be a number. */
const projectNumberField = z.preprocess(
  (given) => (Number.isSafeInteger(given) ? String(given) : given),
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
  .regex(/^(?!gcp-)/, 'must not begin with gcp-, which Google keeps for itself');

const serviceAccountField = z
  .string('must be a string')
  .max(256, 'must be 256 characters at most')
  .regex(
    /^[a-z0-9][a-z0-9.-]*@[a-z0-9][a-z0-9.-]*\.gserviceaccount\.com$/,
    'must be the e-mail address of a service account',
  );

/** RFC 6749 section 3.3 says what a scope may hold. */
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

const alone = z.looseObject({ service_account: z.undefined().optional(), lifetime_seconds: lifetimeField });

export const target = z
  .strictObject({
    project_number: projectNumberField,
    pool_id: idField,
    provider_id: idField,
    /** Without one the federated identity itself is the credential. */
    service_account: serviceAccountField.optional(),
    scopes: scopesField.default([cloudPlatform]),
    /** The provider holds a JWKS that the customer uploads, instead of fetching ours: each new key is uploaded before it signs. */
    uploaded_jwks: z.boolean('must be true or false').optional(),
    /** Over an hour needs a service account and the organisation's leave. */
    lifetime_seconds: lifetimeField.optional(),
  })
  .refine(({ lifetime_seconds = 0 }) => lifetime_seconds <= wholeHour, {
    path: ['lifetime_seconds'],
    message: `must be ${wholeHour} seconds at most without a service_account`,
    // Whatever else is wrong: all faults are told at once.
    when: ({ value }) => alone.safeParse(value).success,
  })
  .transform((given) =>
    given.service_account ? { ...given, lifetime_seconds: given.lifetime_seconds ?? wholeHour } : given,
  );

export type GcpTarget = z.output<typeof target>;

/** The audience that a provider expects by itself. At most 168 characters: Google advises less than 180. */
export const audience = (target: GcpTarget): string => `https:${exchangeAudience(target)}`;

/** What the token service is asked for: the same without its scheme. */
export const exchangeAudience = (target: GcpTarget): string => `//iam.googleapis.com/${providerName(target)}`;

/** Google cuts a federated token to the life of ours; a service account's token has a life of its own. */
export const tokenSeconds = ({ service_account, lifetime_seconds }: GcpTarget): number | undefined =>
  service_account ? undefined : lifetime_seconds;

/** What the federated token must be good for when it is only used to become a service account. */
export const impersonationScope = cloudPlatform;
