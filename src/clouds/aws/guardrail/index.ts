/**
 * Lint of organization policies: whether an SCP refuses the set-up of a connection, or an RCP its tokens. Owns: the model of
 * the policy, the exception and the reverse. Does not own: trust policies (lint), or policies inside an account.
 */
import { invalidRequest } from '../../../platform/errors/index.ts';
import type { SetupFacts } from '../../contract/index.ts';
import { type GuardrailResult, guardrailResult } from '../../guardrail.ts';
import { isJsonObject } from '../../lint.ts';
import type { AwsTarget } from '../target.ts';
import { setupAttempts, tokenAttempts } from './attempts.ts';
import { exceptionOf } from './exception.ts';
import { isUnread, parsePolicy } from './policy.ts';
import { refusalsOf } from './refusals.ts';
import { reverseOf } from './reverse.ts';

/** @throws {SojournError} `invalid_request` for any other document, and for one that AWS Organizations rejects. */
export function lintGuardrail(
  target: AwsTarget,
  facts: SetupFacts,
  document: unknown,
  now: number,
): GuardrailResult {
  const policy = contentOf(document);
  if (!isJsonObject(policy) || !('Statement' in policy))
    throw invalidRequest([
      {
        path: 'document',
        message:
          'must be a service control policy or a resource control policy (Statement), or the output of aws organizations describe-policy',
      },
    ]);
  const { statements, faults } = parsePolicy(policy);
  if (faults.length > 0)
    throw invalidRequest(
      faults.map(({ path, detail }) => ({ path: 'document', message: `${path}: ${detail}` })),
    );
  // Only statements of an RCP name a principal.
  const isRcp = statements.some(({ fields }) => 'Principal' in fields);
  const input = { target, facts, statements, now };
  const attempts = isRcp ? tokenAttempts(input) : setupAttempts(input);
  const refusals = attempts.flatMap((attempt) => refusalsOf(attempt, statements));
  const unread = statements.filter((statement) => isUnread(statement, attempts, facts.issuer));
  return guardrailResult(isRcp ? 'aws-resource-control-policy' : 'aws-service-control-policy', {
    refusals: refusals.map(({ refusal }) => refusal),
    notes: [
      ...(isRcp
        ? []
        : [
            `Assumed: the set-up is run by a role without tags, and FullAWSAccess is attached beside a policy that has no Allow.`,
          ]),
      ...unread.map(({ path }) => `${path} has a condition that is not understood.`),
    ],
    unread: unread.length > 0,
    exception: exceptionOf(policy, refusals, { target, facts, isRcp }),
    reverse: reverseOf(facts, isRcp),
  });
}

/** `describe-policy` and `list` have the policy as a text in `Content`. */
function contentOf(document: unknown): unknown {
  if (!isJsonObject(document)) return document;
  const policy = isJsonObject(document.Policy) ? document.Policy : document;
  if (typeof policy.Content !== 'string') return document;
  try {
    return JSON.parse(policy.Content);
  } catch {
    return undefined;
  }
}
