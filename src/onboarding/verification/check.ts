/** What one look came to, and what all of them come to together. */

export interface Check {
  readonly name: string;
  /** `waiting`: the change may not have arrived everywhere yet. `unclear`: the cloud did not answer as it should. */
  readonly outcome: 'passed' | 'failed' | 'waiting' | 'unclear' | 'skipped';
  readonly detail: string;
  readonly advice: string | null;
  /** The condition that does not hold, as a name for programs. */
  readonly condition?: string;
  /** What to paste, whole, so that it holds. */
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

/** `undecided` says nothing against the connection, and nothing for it. */
export function decide(checks: readonly Check[]): 'active' | 'failing' | 'undecided' {
  const outcomes = checks.map(({ outcome }) => outcome);
  if (outcomes.includes('failed')) return 'failing';
  return outcomes.includes('waiting') || outcomes.includes('unclear') ? 'undecided' : 'active';
}

/** The first of them that stands in the way: what is behind it may be a consequence. */
export const firstObstacle = (checks: readonly Check[]): Check | undefined =>
  checks.find(({ outcome }) => outcome !== 'passed' && outcome !== 'skipped');
