/** The child process that checks documents: first receives the operator's presets, then one document after the other. */
import { addPresets, type GuardrailResult, type LintResult, type Preset } from '../../../clouds/index.ts';
import { invalidRequest, SojournError } from '../../../platform/errors/index.ts';
import { evaluateGuardrail, evaluateTrust } from './evaluate.ts';
import type { Check, Outcome } from './messages.ts';

process.once('message', (presets: readonly Preset[]) => {
  addPresets(presets);
  process.on('message', (check: Check) => process.send?.(outcomeOf(check)));
  process.send?.('ready');
});

function outcomeOf(check: Check): Outcome<LintResult | GuardrailResult> {
  try {
    return { result: check.type === 'lint' ? evaluateTrust(check) : evaluateGuardrail(check) };
  } catch (cause) {
    const error = asSojournError(cause);
    const { code, message: detail, advice, faults } = error;
    return { error: { code, detail, advice, faults, cause: error.cause } };
  }
}

function asSojournError(cause: unknown): SojournError {
  if (cause instanceof SojournError) return cause;
  // The stack overflows.
  if (cause instanceof RangeError)
    return invalidRequest([{ path: 'document', message: 'is nested too deeply' }]);
  return new SojournError('internal', { cause });
}
