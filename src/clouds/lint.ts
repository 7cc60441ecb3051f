/** Document lint: findings about a pasted document of the customer's cloud, and the grade that results. */

/**
 * `overly_permissive`: admits others than this connection. `blocks_access`: does not admit this connection. `weak`: works,
 * but only one of two layers protects it, or others are named too. `redundant`: safe, but more than needed.
 */
export type Severity = 'overly_permissive' | 'blocks_access' | 'weak' | 'redundant';

export interface Finding {
  /** A stable name for programs. */
  readonly rule: string;
  readonly severity: Severity;
  /** A path into the document: `Statement[0].Condition`. */
  readonly path: string;
  readonly detail: string;
  readonly advice: string;
}

export type Grade = 'A' | 'B' | 'C' | 'D' | 'F';

export interface LintResult {
  /** What the document was recognized as: `aws-trust-policy`. */
  readonly documentType: string;
  readonly grade: Grade;
  /** The most severe first. */
  readonly findings: readonly Finding[];
  /** The document as it should be; null if the customer has to choose, or if the cloud would not accept it. */
  readonly corrected: string | null;
}

const severityOrder: readonly Severity[] = ['overly_permissive', 'blocks_access', 'weak', 'redundant'];
const gradeOf: Readonly<Record<Severity, Grade>> = {
  overly_permissive: 'F',
  blocks_access: 'D',
  weak: 'C',
  redundant: 'B',
};

export function gradeFindings(
  documentType: string,
  unsorted: readonly Finding[],
  corrected: unknown,
): LintResult {
  const findings = unsorted.toSorted(
    (a, b) => severityOrder.indexOf(a.severity) - severityOrder.indexOf(b.severity),
  );
  const [worst] = findings;
  return {
    documentType,
    grade: worst ? gradeOf[worst.severity] : 'A',
    findings,
    corrected: corrected === undefined ? null : `${JSON.stringify(corrected, null, 2)}\n`,
  };
}

export type JsonObject = Readonly<Record<string, unknown>>;

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The strings of a list. IAM and others accept a single string as a list of one. */
export const stringsIn = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : [value]).filter((item) => typeof item === 'string');

/** A value of the document for a message: quoted if it is not a plain string, at most 120 characters. */
export const describeValue = (value: unknown): string => {
  const isPlain = typeof value === 'string' && value !== '' && value === value.trim();
  const text = isPlain ? value : (JSON.stringify(value) ?? 'nothing');
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
};

/** One finding for the members that the check does not read: the document may say more, such as that a list continues. */
export function unreadMembers(
  object: JsonObject,
  known: readonly string[],
  what: string,
  path = '',
): readonly Finding[] {
  const unread = Object.keys(object).filter(
    (name) => !known.includes(name) && object[name] !== null && object[name] !== '',
  );
  if (unread.length === 0) return [];
  return [
    {
      rule: 'not_understood',
      severity: 'weak',
      path: `${path}${describeValue(unread[0])}`,
      detail: `${describeValue(unread.join(', '))} is no part of ${what} that this check knows.`,
      advice: 'Check it yourself, or remove it.',
    },
  ];
}
