/** /connections/ID/lint: a document of the customer's cloud, judged before it is applied or when nothing works. */
import { z } from 'zod';
import { read } from '../../../platform/validation/index.ts';
import { queryRoute } from './route.ts';

const maxDocument = 64 * 1024;

export const lintInput = z.strictObject({
  document: z
    .string('must be the document as a string')
    .min(1, 'must not be empty')
    .max(maxDocument, 'must be 64 KB at most')
    .describe('The text of a JSON document: as a string, so that it is read as it is.'),
});

export const lintAnswer = z.object({
  kind: z.string().describe('What the document was taken for.'),
  grade: z.enum(['A', 'B', 'C', 'D', 'F']).describe('See docs/verification.md.'),
  findings: z.array(
    z.object({
      rule: z.string(),
      severity: z.enum(['stranger', 'closed', 'weak', 'untidy']),
      where: z.string(),
      detail: z.string(),
      advice: z.string(),
    }),
  ),
  corrected: z.string().describe('The document as it should be.'),
});

export const lintRoute = queryRoute({
  path: '/connections/:id/lint',
  operationId: 'lintDocument',
  summary: 'Judge a trust policy, a federated credential, a provider or a binding of the customer',
  input: lintInput,
  // In JSON every character of the document may take two.
  maxBytes: 2 * maxDocument + 1024,
  answer: lintAnswer,
  refusals: ['connection_not_found', 'body_too_large'],
  async find({ connections, onboarding }, { params: { id }, body }) {
    const connection = await connections.get(id);
    return onboarding.lint(connection, read(lintInput, body).document);
  },
});
