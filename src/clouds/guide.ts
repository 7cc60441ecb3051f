/** What a customer's administrator reads on the page of an invitation, and is asked for, in the words of their cloud. */

/** A field of the target that the customer's set-up makes, and that they report. */
export interface ReportField {
  readonly name: string;
  readonly label: string;
  /** Where it is found. */
  readonly hint: string;
  readonly example: string;
  readonly optional?: boolean;
}

/** One way to apply the set-up, step by step. */
export interface Way {
  readonly title: string;
  /** The set-up file without which it is no way. */
  readonly needs?: string;
  readonly steps: readonly Step[];
}

export interface Step {
  readonly say: string;
  /** A command that does it. */
  readonly run?: string;
  /** A page of the cloud's console that does it. */
  readonly open?: { readonly label: string; readonly url: string };
  /** A set-up file to fetch. */
  readonly file?: string;
}

export interface Fact {
  readonly label: string;
  readonly value: string;
}

/** `target` has passed the schema of the cloud. */
export interface Guide {
  /** The cloud's name for people. */
  readonly title: string;
  /** What access is asked to, as the end of a sentence: `your AWS account`. */
  readonly place: string;
  /** The only fields that a report may set, in the order in which they are asked. */
  readonly reports: readonly ReportField[];
  /** What applying the set-up makes. */
  readonly makes: readonly string[];
  /** What the access can do there, and what bounds it. */
  allows(target: unknown): readonly string[];
  /** What of the target is known already. */
  facts(target: unknown): readonly Fact[];
  /** How everything is taken back in the cloud itself. */
  readonly undo: string;
  /** @param urlOf the public URL of a set-up file */
  ways(target: unknown, urlOf: (file: string) => string): readonly Way[];
}

/** Those that are known. */
export const factsOf = (rows: Readonly<Record<string, string | undefined>>): readonly Fact[] =>
  Object.entries(rows).flatMap(([label, value]) => (value === undefined ? [] : [{ label, value }]));
