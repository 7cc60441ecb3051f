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
export interface SetupMethod {
  readonly title: string;
  /** One sentence: for whom it is, or what happens. */
  readonly summary: string;
  /** Whether what it makes is reported by itself. */
  readonly reportsIds?: boolean;
  /** The set-up file without which it is no way. */
  readonly requiredFile?: string;
  readonly steps: readonly Step[];
}

export interface Step {
  readonly instruction: string;
  /** A command that does it. */
  readonly command?: string;
  /** A page of the cloud's console that does it. */
  readonly link?: { readonly label: string; readonly url: string };
  /** A set-up file to fetch. */
  readonly file?: string;
}

export interface LabeledValue {
  readonly label: string;
  readonly value: string;
}

/** `target` has passed the schema of the cloud. */
export interface Guide {
  /** The cloud's name for people. */
  readonly title: string;
  /** What access is asked to, as the end of a sentence: `your AWS account`. */
  readonly accessTo: string;
  /** The only fields that a report may set, in the order in which they are asked. */
  readonly reportFields: readonly ReportField[];
  /** What applying the set-up makes. */
  creates(target: unknown): readonly string[];
  /**
   * What the access can do there, and what bounds it.
   * @param permissions the permission sets that are asked for, by their names
   */
  allows(target: unknown, permissions: Readonly<Record<string, unknown>>): readonly string[];
  /** What of the target is known already. */
  knownValues(target: unknown): readonly LabeledValue[];
  /** How everything is taken back in the cloud itself. */
  readonly undo: string;
  /** The simplest first. */
  methods(target: unknown, files: Files): readonly SetupMethod[];
}

/** The set-up files, as the page has them. */
export interface Files {
  /** The public URL of one. */
  urlOf(file: string): string;
  /** Undefined where there is no such file for this connection. */
  contentOf(file: string): string | undefined;
}

/** The https link that a file holds, as a button. */
export const linkIn = (files: Files, file: string, label: string): Pick<Step, 'link'> => {
  const url = files.contentOf(file)?.trim();
  return url?.startsWith('https://') ? { link: { label, url } } : {};
};

/** Those that are known. */
export const labeledValues = (rows: Readonly<Record<string, string | undefined>>): readonly LabeledValue[] =>
  Object.entries(rows).flatMap(([label, value]) => (value === undefined ? [] : [{ label, value }]));
