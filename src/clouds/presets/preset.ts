/** The schema of a preset file: what Sojourn must know to reach one service that trusts an OIDC issuer. Data, no code. */
import { z } from 'zod';
import { type ErrorCode, errorTable } from '../../platform/errors/index.ts';
import type { Immutable } from '../../platform/validation/index.ts';
import { fileNames, type NameRule, variableNames } from '../contract/delivered-names.ts';
import { algorithms } from '../contract/entry.ts';
import { lint, probe } from './checks.ts';
import { answerPath, fieldName, linearPattern, template, templates, text } from './fields.ts';

const date = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a date such as 2026-11-30');
const url = z.string().regex(/^https:\/\/\S+$/, 'must be an https URL');
const errorCode = z.enum(
  Object.keys(errorTable).filter((code) => code.startsWith('cloud_')) as [ErrorCode, ...ErrorCode[]],
  'must be an error code of a cloud (docs/errors.md)',
);

export const statusLevels = ['verified', 'emulated', 'documents', 'unverified'] as const;
export const statusGroups = [
  'issuer',
  'token',
  'spend',
  'answer',
  'errors',
  'setup',
  'client',
  'probe',
] as const;

const status = z.strictObject({
  level: z
    .enum(statusLevels, `must be one of ${statusLevels.join(', ')}`)
    .describe(
      'verified: against the real service. emulated: a real client against the sandbox. documents: from the documents or code of the vendor. unverified: some of it was not found in any document.',
    ),
  on: date,
  note: text.optional().describe('What is not verified.'),
});

const inputTypes = ['text', 'url', 'seconds', 'list', 'claims', 'certificate'] as const;

const input = z.strictObject({
  label: text,
  hint: text.default('The vendor knows it.').describe('Where the customer finds the value.'),
  example: text,
  type: z
    .enum(inputTypes, `must be one of ${inputTypes.join(', ')}`)
    .default('text')
    .describe(
      'certificate: an authority in PEM; NAME_data has it in base64. claims: an object of claims. seconds: a number.',
    ),
  pattern: linearPattern
    .optional()
    .describe(
      'For text and each item of a list: matches the whole value. Without lookaround, back references, ^ and $.',
    ),
  required: z.boolean().default(true),
  reported: z
    .boolean()
    .default(false)
    .describe('The customer reports it after the set-up, so a connection can be created without it.'),
  default: template
    .optional()
    .describe('Used if the target does not state the input; may read other inputs.'),
});

const spendBase = {
  when: fieldName
    .optional()
    .describe('Only if the target has this input; the first way that applies is used.'),
};
const call = {
  ...spendBase,
  url: template,
  headers: templates.default({}),
  parameters: templates.default({}).describe('A parameter with an empty value is left out.'),
};
const answerPaths = z.union([answerPath, z.array(answerPath).min(1)]);

const spend = z.discriminatedUnion('kind', [
  z.strictObject({ ...spendBase, kind: z.literal('bearer') }),
  z.strictObject({
    ...call,
    kind: z.literal('exchange'),
    grant: z
      .enum(['token-exchange', 'jwt-bearer'], 'must be token-exchange or jwt-bearer')
      .describe('RFC 8693 or RFC 7523 section 2.1.'),
    encoding: z.enum(['form', 'json'], 'must be form or json'),
  }),
  z.strictObject({
    ...call,
    kind: z.literal('login'),
    token_parameter: z.string().min(1),
    answer: z.strictObject({ token: answerPath, expires_in: answerPath }),
  }),
  z.strictObject({
    ...call,
    kind: z.literal('sts'),
    query: templates.default({}),
    token_parameter: z.string().min(1),
    lifetime: z
      .strictObject({ input: fieldName, min_seconds: z.int().min(1) })
      .optional()
      .describe('The input with the lifetime of the credentials. An approval that ends earlier shortens it.'),
    answer: z.strictObject({
      format: z.enum(['json', 'xml'], 'must be json or xml'),
      access_key_id: answerPath,
      secret_access_key: answerPath,
      session_token: answerPath,
      expiration: answerPath.describe('An RFC 3339 time.'),
    }),
  }),
]);

const match = z.strictObject({
  status: z.int().min(100).max(599).optional(),
  code: z.string().min(1).optional(),
  message: z.string().min(1).optional().describe('A part of the message.'),
  means: errorCode,
  detail: text,
  advice: text.optional(),
});

const setupFile = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,60}$/, 'must be a file name in lower case'),
  language: z
    .enum(
      ['sql', 'shell', 'json', 'yaml', 'terraform', 'text'],
      'must be sql, shell, json, yaml, terraform or text',
    )
    .describe('Each placeholder becomes a literal of this language, with its quotes.'),
  title: text,
  who: text.describe('Who applies it.'),
  apply: text.describe('How to apply it, in one sentence.'),
  content: template,
});

const named = ({ pattern, mustBe, isReserved, mustNotBe }: NameRule) =>
  z
    .string()
    .regex(pattern, mustBe)
    .refine((name) => !isReserved(name), mustNotBe);
const variable = named(variableNames);

const clientFile = z.strictObject({
  name: named(fileNames),
  content: template,
});

export const presetSchema = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]{1,30}$/, 'must be 2 to 31 lower-case letters, digits and hyphens'),
  title: text,
  vendor: text,
  version: z.int().min(1),
  complete: z
    .boolean()
    .describe('False for a preset from documents alone, without a test of a client or server.'),
  docs: z.array(z.strictObject({ url, read: date })).min(1, 'must have at least one document'),
  status: z.strictObject(
    Object.fromEntries(statusGroups.map((group) => [group, status])) as Record<
      (typeof statusGroups)[number],
      typeof status
    >,
  ),
  inputs: z.record(fieldName, input),
  issuer: z.strictObject({
    keys: z.enum(['discovery', 'jwks_url', 'uploaded_jwks'], 'must be discovery, jwks_url or uploaded_jwks'),
    snapshot: z
      .boolean()
      .default(false)
      .describe(
        'The customer may upload the keys instead (target.uploaded_jwks): a rotation waits for the next upload.',
      ),
    pins_certificate: z
      .boolean()
      .default(false)
      .describe(
        'The service stores a fingerprint of the certificate of the issuer: `sojourn doctor` warns before it expires.',
      ),
    notes: z.array(text).default([]),
  }),
  token: z.strictObject({
    algorithms: z
      .array(z.enum(algorithms, `must be ${algorithms.join(' or ')}`))
      .min(1, 'must have at least one algorithm'),
    audience: template,
    claims: templates
      .default({})
      .describe('More claims; an empty one is left out. A list input stays a list.'),
    claims_input: fieldName.optional().describe('An input of type claims, whose claims the token has.'),
    seconds: z.int().min(60).max(3600).optional().describe('Its lifetime.'),
    single_use: z.boolean().default(false).describe('The service accepts a jti once.'),
    checks_subject: z
      .boolean()
      .default(true)
      .describe(
        'False if the service does not check the subject. Then an audience belongs to one tenant, and a verification skips the probes with another subject.',
      ),
  }),
  hosts: z
    .array(
      z.string().regex(/^(\*|(\*\.)?[a-z0-9.-]+(:\d+)?)$/, 'must be a host, *.domain, or * for any host'),
    )
    .describe('The only hosts to which a token goes.'),
  spend: z.array(spend).min(1, 'must have at least one way'),
  errors: z.strictObject({
    code: answerPaths.optional().describe('Where an error answer has its code; the first path with a value.'),
    message: answerPaths.optional().describe('Where it has its message, or a list of messages.'),
    opaque: text.optional().describe('Where the customer sees the cause, if the answer hides it.'),
    explain: z.array(match).default([]),
  }),
  setup: z.strictObject({
    access_to: text.describe('What the vendor requests access to: `your Vault`.'),
    creates: z.array(text).min(1),
    allows: z.array(text).min(1),
    undo: text,
    values: templates.default({}).describe('Values for the files, composed of inputs and facts.'),
    files: z.array(setupFile).min(1),
    leak: z.strictObject({ trusted_for: text, steps: z.array(text) }),
  }),
  lint: lint.optional().describe('How to check a JSON or YAML document that the customer pastes.'),
  client: z.strictObject({
    variables: z.record(variable, template).default({}),
    files: z.array(clientFile).default([]),
    remove: z.array(variable).default([]),
    notes: z.array(text).default([]),
  }),
  probe: probe.optional().describe('A harmless way to see whether the service accepts a bearer token.'),
  ca_input: fieldName
    .optional()
    .describe('An input of type certificate: the authority of the service’s own certificate.'),
  dangers: z.array(text).default([]),
});

export type Preset = Immutable<z.output<typeof presetSchema>>;
export type Spend = Preset['spend'][number];
export type SpendOf<Kind extends Spend['kind']> = Extract<Spend, { readonly kind: Kind }>;
export type Probe = NonNullable<Preset['probe']>;
export type ProbeOf<Kind extends Probe['kind']> = Extract<Probe, { readonly kind: Kind }>;
export type Input = Preset['inputs'][string];
