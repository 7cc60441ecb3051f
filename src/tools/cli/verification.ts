/** A verification, and the report of one, for people. */
import { cell, columns, type Json, printable } from './print.ts';

/** The checks as a table, and below it the first that stands in the way with what to do and what to paste. */
export function formatChecks(checks: unknown): string {
  const found = Array.isArray(checks) ? (checks as Json[]) : [];
  const first = found.find(({ outcome }) => outcome !== 'passed' && outcome !== 'skipped');
  return `${columns(found, ['name', 'outcome', 'detail'])}${first ? formatFirstProblem(first) : ''}`;
}

function formatFirstProblem({ name, condition, advice, fix }: Json): string {
  const what = condition === undefined ? cell(name) : `${cell(name)}: ${cell(condition)}`;
  const paste = typeof fix === 'string' ? `\n${printable(fix).replace(/^/gm, '  ')}\n` : '';
  return `\nFirst: ${what}\n→ ${printable(typeof advice === 'string' ? advice : 'See the detail.')}\n${paste}`;
}

export function formatVerification({ verdict, state, checks, retry_at }: Json): string {
  const open = typeof retry_at === 'string' ? `, tried again at ${cell(retry_at)}` : '';
  const rest =
    state === verdict || state === undefined ? '' : ` (the connection stays ${cell(state)}${open})`;
  return `${cell(verdict)}${rest}\n\n${formatChecks(checks)}`;
}
