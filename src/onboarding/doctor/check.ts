/** The result of one check of the doctor. */
export interface Check {
  readonly name: string;
  /** `warned`: it works, but needs attention. */
  readonly outcome: 'passed' | 'warned' | 'failed';
  readonly detail: string;
  readonly advice: string | null;
}

export const passed = (name: string, detail: string): Check => ({
  name,
  outcome: 'passed',
  detail,
  advice: null,
});

export const warned = (name: string, detail: string, advice: string): Check => ({
  name,
  outcome: 'warned',
  detail,
  advice,
});

export const failed = (name: string, detail: string, advice: string): Check => ({
  name,
  outcome: 'failed',
  detail,
  advice,
});
