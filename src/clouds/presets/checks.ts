/** The schemas of what checks a set-up: the probe of a token, and the rules of a pasted document. */
import { z } from 'zod';
import { answerPath, fieldName, pattern, template, templates, text } from './fields.ts';

const probeBase = { when: fieldName.optional().describe('Only if the target has this input.') };

export const probe = z.discriminatedUnion('kind', [
  z.strictObject({
    ...probeBase,
    kind: z.literal('request').describe('A GET with the token in its Authorization header.'),
    url: template,
    headers: templates.default({}),
    accepted: z.array(z.int()).min(1).describe('The status codes for an accepted token.'),
  }),
  z.strictObject({
    ...probeBase,
    kind: z.literal('login').describe('A log-in with JSON, which opens a session.'),
    url: template,
    headers: templates.default({}),
    parameters: templates.describe('By path such as data.LOGIN_NAME; one with an empty value is left out.'),
    token_parameter: answerPath,
    success: answerPath.describe('The path that is true after a log-in; otherwise the answer is a refusal.'),
    sign_out: z
      .strictObject({ url: template, headers: templates, session: answerPath })
      .describe('Ends the session; `{{session_token}}` in its headers is the value at `session`.'),
  }),
  z.strictObject({
    ...probeBase,
    kind: z.literal('kafka').describe('A log-in to a Kafka broker with SASL OAUTHBEARER (RFC 7628).'),
    servers: template.describe('HOST:PORT, separated by commas.'),
    extensions: templates.default({}).describe('SASL extensions; one with an empty value is left out.'),
  }),
  z.strictObject({
    ...probeBase,
    kind: z.literal('mongodb').describe('A log-in to MongoDB with MONGODB-OIDC.'),
    cluster: template.describe('The host of a mongodb+srv URI.'),
  }),
]);

const severity = z.enum(
  ['overly_permissive', 'blocks_access', 'weak'],
  'must be overly_permissive, blocks_access or weak',
);

const rejectedBase = {
  of: z
    .enum(['entry', 'list', 'document'], 'must be entry, list or document')
    .default('entry')
    .describe('Each member of the list from which `within` selects, that list, or the whole document.'),
  at: z.string().default('').describe('The path in it; [*] is each member of a list.'),
  detail: text,
};
const path = z.string().min(1);
const pair = z.tuple([path, path]);
const orEmpty = z.boolean().default(false).describe('Whether an empty text counts as a value of the second.');

const rejected = z.discriminatedUnion('if', [
  z.strictObject({
    ...rejectedBase,
    if: z.literal('not').describe('The value is no text that matches as a whole; a missing one is empty.'),
    pattern,
  }),
  z.strictObject({
    ...rejectedBase,
    if: z.literal('both').describe('Both fields have a value.'),
    fields: pair,
    or_empty: orEmpty,
  }),
  z.strictObject({
    ...rejectedBase,
    if: z.literal('neither').describe('No field has a value.'),
    fields: z.array(path).min(1),
  }),
  z.strictObject({
    ...rejectedBase,
    if: z.literal('without').describe('The first field has a value, the second has none.'),
    fields: pair,
    or_empty: orEmpty,
  }),
  z.strictObject({
    ...rejectedBase,
    if: z.literal('same').describe('Both fields have the same text, except for slashes at its end.'),
    fields: pair,
  }),
  z.strictObject({
    ...rejectedBase,
    if: z.literal('more_than').describe('The list has more members.'),
    count: z.int().min(1),
  }),
  z.strictObject({
    ...rejectedBase,
    if: z.literal('twice').describe('Two members of the list have the same value.'),
    field: z.string().default('').describe('Of the members; by default the members themselves.'),
  }),
]);

export const lint = z.strictObject({
  type: z.string().regex(/^[a-z][a-z-]{1,40}$/, 'must be lower-case letters and hyphens'),
  within: template
    .optional()
    .describe(
      'The path of the member with the fields, if they are nested: names joined by dots; [NAME=VALUE] is the first member of a list that has the value.',
    ),
  others: z
    .strictObject({
      detail: text,
      name: z
        .strictObject({ field: z.string().min(1), value: template })
        .optional()
        .describe(
          'A prefix in the other entry, and the name of the connection: an entry whose prefix does not begin the name is harmless.',
        ),
    })
    .optional()
    .describe('What another member of the list means from which `within` selects.'),
  advice: text.optional().describe('How to fix every finding, if editing the document does not.'),
  rules: z
    .array(
      z.strictObject({
        field: z.string().min(1).describe('A path; [*] is each member of a list.'),
        must: z
          .enum(['equal', 'contain', 'include'], 'must be equal, contain or include')
          .describe('contain: a list with this value alone. include: a list with this value.'),
        value: template,
        or: z
          .array(z.strictObject({ field: z.string().min(1), value: template }))
          .default([])
          .describe('Other fields that say the same.'),
        missing: z
          .enum(
            ['overly_permissive', 'blocks_access', 'accepted'],
            'must be overly_permissive, blocks_access or accepted',
          )
          .default('overly_permissive')
          .describe('What a missing value does.'),
        differs: severity.default('blocks_access').describe('What another value does.'),
        detail: text.describe('What a missing or other value means.'),
      }),
    )
    .min(1),
  rejected: z
    .array(rejected)
    .default([])
    .describe('What makes the service reject the whole document. Each is a finding that blocks access.'),
  forbidden: z
    .array(z.strictObject({ field: z.string().min(1), means: severity, detail: text }))
    .default([])
    .describe('Fields that must be absent, empty or false, except for parts of them that a rule reads.'),
  irrelevant: z
    .array(z.string().min(1))
    .default([])
    .describe('Paths of fields that do not decide who gets in. Any other field without a rule is a finding.'),
  irrelevant_outside: z
    .array(z.string().min(1))
    .default([])
    .describe('The same outside of `within`, as paths from the top of the document.'),
});
