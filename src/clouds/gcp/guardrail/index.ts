/**
 * Lint of organization policies: whether the constraint on identity providers refuses the provider of a connection, or a VPC
 * Service Controls perimeter its tokens. Owns: the reading of both, the exception and the reverse. Does not own: IAM policies.
 */
import { invalidRequest } from '../../../platform/errors/index.ts';
import type { SetupFacts } from '../../contract/index.ts';
import type { GuardrailResult } from '../../guardrail.ts';
import { isJsonObject } from '../../lint.ts';
import type { GcpTarget } from '../target.ts';
import { lintConstraint } from './constraint.ts';
import { lintPerimeter } from './perimeter.ts';

const constraint = 'iam.workloadIdentityPoolProviders';

/** @throws {SojournError} `invalid_request` for any other document. */
export function lintGuardrail(target: GcpTarget, facts: SetupFacts, document: unknown): GuardrailResult {
  if (isJsonObject(document)) {
    const { name, constraint: legacyName } = document;
    const isConstraint = [name, legacyName].some(
      (text) => typeof text === 'string' && text.endsWith(`/${constraint}`),
    );
    if (isConstraint && (isJsonObject(document.spec) || isJsonObject(document.listPolicy)))
      return lintConstraint(facts, document);
    if (isJsonObject(document.status) && typeof name === 'string' && name.includes('/servicePerimeters/'))
      return lintPerimeter(target, facts, document, document.status);
  }
  throw invalidRequest([
    {
      path: 'document',
      message: `must be a policy of ${constraint} (gcloud org-policies describe --format=json) or a service perimeter (gcloud access-context-manager perimeters describe --format=json)`,
    },
  ]);
}
