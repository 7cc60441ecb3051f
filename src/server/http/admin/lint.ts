/** /connections/ID/lint: checks a document of the customer's cloud, before it is applied or when sign-in fails. */
import { z } from 'zod';
import { cloudNames, clouds } from '../../../clouds/index.ts';
import { queryRoute } from './route.ts';

const maxDocument = 64 * 1024;

export const lintInput = z.strictObject({
  document: z
    .string('must be the document as a string')
    .min(1, 'must not be empty')
    .max(maxDocument, 'must be at most 64 KB')
    .describe(
      'The JSON document as a string, so that it is checked exactly as written; for a service with a preset, JSON or YAML.',
    ),
});

const documentType = cloudNames.map((name) => clouds[name].diagnosis?.documentType).find(Boolean);

export const lintAnswer = z.object({
  document_type: z.string().describe(`What the document was recognized as, such as \`${documentType}\`.`),
  grade: z.enum(['A', 'B', 'C', 'D', 'F']).describe('See docs/verification.md.'),
  findings: z.array(
    z.object({
      rule: z.string(),
      severity: z.enum(['overly_permissive', 'blocks_access', 'weak', 'redundant']),
      path: z.string().describe('A path into the document: `Statement[0].Condition`.'),
      detail: z.string(),
      advice: z.string(),
    }),
  ),
  corrected: z
    .string()
    .nullable()
    .describe(
      'The document with the findings fixed. Null if the customer has to choose, for example whether to lift a restriction, or if the cloud would not accept it.',
    ),
});

export const guardrailAnswer = z.object({
  document_type: z.string().describe('What the document was recognized as.'),
  verdict: z
    .enum(['allows', 'refuses', 'unknown'])
    .describe('`unknown` if a part is not understood that could refuse the connection.'),
  refusals: z.array(
    z.object({
      step: z.string().describe('What is refused.'),
      rule: z.string().describe('The Sid of the statement, or the name of the rule.'),
      path: z.string().describe('A path into the document: `Statement[0]`.'),
      detail: z.string(),
    }),
  ),
  notes: z.array(z.string()).describe('Assumptions, and parts that are not understood.'),
  exception: z
    .string()
    .nullable()
    .describe(
      'The document with the smallest exception for this connection. Null if it needs none, or none can be written.',
    ),
  reverse: z.string().describe('A guardrail of the same type that admits nothing but this connection.'),
});

const ofDocument = {
  input: lintInput,
  // Escaping in JSON can double the length of the document.
  maxBytes: 2 * maxDocument + 1024,
  refusals: ['connection_not_found', 'body_too_large'],
} as const;

export const guardrailRoute = queryRoute({
  ...ofDocument,
  path: '/connections/:id/lint-guardrail',
  operationId: 'lintGuardrail',
  summary: "Check whether a rule of the customer's organization refuses the set-up or the tokens",
  answer: guardrailAnswer,
  async find({ connections, setup }, { params: { id }, body: { document } }) {
    const connection = await connections.get(id);
    const { documentType, ...result } = await setup.lintGuardrail(connection, document);
    return { document_type: documentType, ...result };
  },
});

export const lintRoute = queryRoute({
  ...ofDocument,
  path: '/connections/:id/lint',
  operationId: 'lintDocument',
  summary: 'Check a trust policy, federated credential, identity provider or IAM binding of the customer',
  answer: lintAnswer,
  async find({ connections, setup }, { params: { id }, body: { document } }) {
    const connection = await connections.get(id);
    const { documentType, ...result } = await setup.lint(connection, document);
    return { document_type: documentType, ...result };
  },
});
