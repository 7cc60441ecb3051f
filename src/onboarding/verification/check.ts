/** The result of one check, and the verdict that all checks give together. */
import { z } from 'zod';
import type { Immutable } from '../../platform/validation/index.ts';

export const checkRecord = z.object({
  name: z.string(),
  /**
   * `propagating`: a recent change may not be visible everywhere yet. `inconclusive`: the cloud's answer says nothing
   * about the connection.
   */
  outcome: z.enum(['passed', 'failed', 'propagating', 'inconclusive', 'skipped']),
  detail: z.string(),
  advice: z.string().nullable(),
  /** A name for programs. */
  condition: z.string().exactOptional().describe('The unmet condition.'),
  fix: z.string().exactOptional().describe('Text to paste that meets the condition.'),
});

export type Check = Immutable<z.output<typeof checkRecord>>;

export const passed = (name: string, detail: string): Check => ({
  name,
  outcome: 'passed',
  detail,
  advice: null,
});

export const skipped = (name: string, detail: string): Check => ({
  ...passed(name, detail),
  outcome: 'skipped',
});

/** `undecided`: the checks do not show whether the connection works. */
export function verdictOf(checks: readonly Check[]): 'active' | 'failing' | 'undecided' {
  const outcomes = checks.map(({ outcome }) => outcome);
  if (outcomes.includes('failed')) return 'failing';
  return outcomes.includes('propagating') || outcomes.includes('inconclusive') ? 'undecided' : 'active';
}

/** The first check that did not pass. Later ones may fail only as a consequence. */
export const firstObstacle = (checks: readonly Check[]): Check | undefined =>
  checks.find(({ outcome }) => outcome !== 'passed' && outcome !== 'skipped');
