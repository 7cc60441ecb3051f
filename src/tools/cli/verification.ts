/** Formats a verification for people. */
import type { Answers } from '../../server/http/admin/index.ts';
import { cell, columns, printable } from './print.ts';

type Check = Answers['Verification']['checks'][number];

/** A table of the checks; below it the first problem, with advice and the text to paste. */
export function formatChecks(checks: readonly Check[]): string {
  const list = Array.isArray(checks) ? checks : [];
  const first = list.find(({ outcome }) => outcome !== 'passed' && outcome !== 'skipped');
  return `${columns(list, ['name', 'outcome', 'detail'])}${first ? formatFirstProblem(first) : ''}`;
}

function formatFirstProblem({ name, condition, advice, fix }: Check): string {
  const problem = condition === undefined ? cell(name) : `${cell(name)}: ${cell(condition)}`;
  const paste = typeof fix === 'string' ? `\n${printable(fix).replace(/^/gm, '  ')}\n` : '';
  return `\nFix first: ${problem}\n→ ${printable(typeof advice === 'string' ? advice : 'See the detail above.')}\n${paste}`;
}

export function formatVerification({ verdict, state, checks, retry_at }: Answers['Verification']): string {
  const retry = typeof retry_at === 'string' ? `, next check at ${cell(retry_at)}` : '';
  const stateHint =
    state === verdict || state === undefined ? '' : ` (the connection stays ${cell(state)}${retry})`;
  return `${cell(verdict)}${stateHint}\n\n${formatChecks(checks)}`;
}
