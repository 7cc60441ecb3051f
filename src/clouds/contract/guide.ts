/** Texts and fields of the invitation page for a customer's administrator, in the terms of their cloud. */

import type { EstablishedConnection } from './established.ts';

/** A field of the target that results from the customer's set-up and that they report. */
export interface ReportField {
  readonly name: string;
  readonly label: string;
  /** Where to find the value. */
  readonly hint: string;
  readonly example: string;
  readonly optional?: boolean;
}

/** One method to apply the set-up, step by step. */
export interface SetupMethod {
  readonly title: string;
  /** One sentence: who it is for, or what happens. */
  readonly summary: string;
  /** Whether it reports the ids of the created resources automatically. */
  readonly reportsIds?: boolean;
  /** The method is shown only if this set-up file exists. */
  readonly requiredFile?: string;
  readonly steps: readonly Step[];
}

export interface Step {
  readonly instruction: string;
  /** The command of this step. */
  readonly command?: string;
  /** The page of the cloud's console for this step. */
  readonly link?: { readonly label: string; readonly url: string };
  /** The set-up file to download. */
  readonly file?: string;
}

export interface LabeledValue {
  readonly label: string;
  readonly value: string;
}

/** The set-up facts that the texts depend on. */
export interface GuideFacts {
  readonly connection: { readonly id: string };
  readonly established?: readonly EstablishedConnection[];
}

/** Every `target` is validated with the schema of the cloud. */
export interface Guide {
  /** The cloud's display name. */
  readonly title: string;
  /** What the vendor requests access to, as the end of a sentence: `your AWS account`. */
  readonly accessTo: string;
  /** The only fields that a set-up report may set, in the order of the form. */
  readonly reportFields: readonly ReportField[];
  /** The resources that the set-up creates. */
  creates(target: unknown, facts: GuideFacts): readonly string[];
  /**
   * What the access allows, and its limits.
   * @param permissions the requested permission sets by name
   */
  allows(target: unknown, permissions: Readonly<Record<string, unknown>>): readonly string[];
  /** What the customer must know first: dangers, and what is not verified. */
  readonly notes?: readonly string[];
  /** The fields of the target that are already set. */
  knownValues(target: unknown): readonly LabeledValue[];
  /** How to revoke the access in the cloud. */
  readonly undo: string;
  /** The set-up methods, the simplest first. */
  methods(target: unknown, files: Files, facts: GuideFacts): readonly SetupMethod[];
}

/** The set-up files of the invitation page. */
export interface Files {
  /** The public URL of a file. */
  urlOf(file: string): string;
  /** Undefined if the connection has no such file. */
  contentOf(file: string): string | undefined;
}

/** A button for the https link in a file. */
export const linkIn = (files: Files, file: string, label: string): Pick<Step, 'link'> => {
  const url = files.contentOf(file)?.trim();
  return url?.startsWith('https://') ? { link: { label, url } } : {};
};

/** The rows that have a value. */
export const labeledValues = (rows: Readonly<Record<string, string | undefined>>): readonly LabeledValue[] =>
  Object.entries(rows).flatMap(([label, value]) => (value === undefined ? [] : [{ label, value }]));
