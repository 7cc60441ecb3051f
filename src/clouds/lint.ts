/** Judging a document of a customer's cloud that somebody pasted: what is found, and the grade that it comes to. */

/**
 * `stranger`: lets in others than this connection. `closed`: does not let this connection in. `weak`: works, and only one
 * layer holds where there should be two, or others are named beside it. `untidy`: safe, and more than is needed.
 */
export type Severity = 'stranger' | 'closed' | 'weak' | 'untidy';

export interface Finding {
  /** A name for programs. */
  readonly rule: string;
  readonly severity: Severity;
  /** A path into the document: `Statement[0].Condition`. */
  readonly where: string;
  readonly detail: string;
  readonly advice: string;
}

export type Grade = 'A' | 'B' | 'C' | 'D' | 'F';

export interface LintResult {
  /** What the document was taken for. */
  readonly kind: string;
  readonly grade: Grade;
  /** The gravest first. */
  readonly findings: readonly Finding[];
  /** The document as it should be. */
  readonly corrected: string;
}

const order: readonly Severity[] = ['stranger', 'closed', 'weak', 'untidy'];
const grades: Readonly<Record<Severity, Grade>> = { stranger: 'F', closed: 'D', weak: 'C', untidy: 'B' };

export function gradeFindings(kind: string, found: readonly Finding[], corrected: unknown): LintResult {
  const findings = found.toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
  const [gravest] = findings;
  return {
    kind,
    grade: gravest ? grades[gravest.severity] : 'A',
    findings,
    corrected: `${JSON.stringify(corrected, null, 2)}\n`,
  };
}

export type JsonObject = Readonly<Record<string, unknown>>;

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** IAM and its like take one text for a list of one. */
export const stringsIn = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');

/** A text of the document, for people: it may be long. */
export const describeValue = (value: unknown): string => {
  const bare = typeof value === 'string' && value !== '' && value === value.trim();
  const text = bare ? value : (JSON.stringify(value) ?? 'nothing');
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
};
