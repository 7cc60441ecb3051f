/** The result of one check, and the verdict that all checks give together. */

export interface Check {
  readonly name: string;
  /**
   * `propagating`: a recent change may not be visible everywhere yet. `inconclusive`: the cloud's answer says nothing
   * about the connection.
   */
  readonly outcome: 'passed' | 'failed' | 'propagating' | 'inconclusive' | 'skipped';
  readonly detail: string;
  readonly advice: string | null;
  /** Machine-readable name of the condition that does not hold. */
  readonly condition?: string;
  /** A complete command or document to paste that makes the condition hold. */
  readonly fix?: string;
}

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
