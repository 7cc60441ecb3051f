/** Parses a pasted document strictly and lints it by the rules of the connection's cloud. */
import { diagnosisOf, type GuardrailResult, type LintResult } from '../../../clouds/index.ts';
import { invalidRequest, SojournError } from '../../../platform/errors/index.ts';
import { hasDuplicateName } from '../../../platform/validation/index.ts';
import { parseYaml } from '../../../platform/yaml/index.ts';
import type { Check } from './messages.ts';

/** Throws `invalid_request` for invalid or ambiguous JSON or YAML and for documents that grant no access. */
export function evaluateTrust({ cloud, target, facts, document }: Check): LintResult {
  const { lint, readsYaml = false } = diagnosisOf(cloud);
  return lint(target, facts, readsYaml ? parseJsonOrYaml(document) : parseStrictly(document));
}

/** Throws like `evaluateTrust`. */
export function evaluateGuardrail({ cloud, target, facts, document }: Check): GuardrailResult {
  const { guardrail } = diagnosisOf(cloud);
  if (!guardrail) throw invalidRequest([{ path: 'cloud', message: `${cloud} has no guardrails` }]);
  return guardrail(target, facts, parseStrictly(document));
}

/** YAML begins with neither of the characters with which JSON objects and lists begin, except in flow style. */
function parseJsonOrYaml(text: string): unknown {
  if (/^\uFEFF?\s*[[{]/.test(text)) return parseStrictly(text);
  try {
    return parseYaml(Buffer.from(text), 'document').raw;
  } catch (error) {
    if (!(error instanceof SojournError)) throw error;
    throw invalidRequest(
      error.faults.map(({ path, message }) => ({ path: 'document', message: `${path}: ${message}` })),
    );
  }
}

function parseStrictly(document: string): unknown {
  // Editors and PowerShell write a byte order mark.
  const text = document.replace(/^\uFEFF/, '');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidRequest([{ path: 'document', message: 'must be JSON' }]);
  }
  if (hasDuplicateName(text))
    throw invalidRequest([
      {
        path: 'document',
        message: 'must not contain a member twice: some readers use the first one, others the last one',
      },
    ]);
  return value;
}
