/**
 * Lint of workload identity providers and allow policies. Owns: the evaluation of CEL, who gets in by a provider or a policy,
 * the findings and the corrections. Does not own: the set-up files.
 */
import { invalidRequest } from '../../../platform/errors/index.ts';
import type { SetupFacts } from '../../contract/index.ts';
import { isJsonObject, type LintResult } from '../../lint.ts';
import type { GcpTarget } from '../target.ts';
import { lintPolicy } from './policy.ts';
import { lintProvider } from './provider.ts';

/**
 * @param now milliseconds since the epoch
 * @throws {SojournError} `invalid_request` for any other document.
 */
export function lint(target: GcpTarget, facts: SetupFacts, document: unknown, now: number): LintResult {
  if (isJsonObject(document) && Array.isArray(document.bindings))
    return lintPolicy(target, facts, document, now);
  if (isJsonObject(document) && ('oidc' in document || 'attributeMapping' in document))
    return lintProvider(target, facts, document, now);
  throw invalidRequest([
    {
      path: 'document',
      message: 'must be a provider (oidc, attributeMapping) or the policy of a service account (bindings)',
    },
  ]);
}
