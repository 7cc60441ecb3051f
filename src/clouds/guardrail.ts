/** Guardrail lint: which rule of a customer's organization refuses the set-up or the token of a connection. */

export interface GuardrailRefusal {
  /** What is refused: `create the OIDC provider`. */
  readonly step: string;
  /** The Sid, or the name of the rule. */
  readonly rule: string;
  /** A path into the document: `Statement[0]`. */
  readonly path: string;
  readonly detail: string;
}

/** `unknown`: a part of the document is not understood, and nothing else refuses the connection. */
export type GuardrailVerdict = 'allows' | 'refuses' | 'unknown';

export interface GuardrailResult {
  /** What the document was recognized as: `aws-resource-control-policy`. */
  readonly documentType: string;
  readonly verdict: GuardrailVerdict;
  readonly refusals: readonly GuardrailRefusal[];
  /** What the verdict depends on: parts that are not understood, and assumptions. */
  readonly notes: readonly string[];
  /** The document with the smallest exception for this connection. Null if it needs none, or none can be written. */
  readonly exception: string | null;
  /** A guardrail of the same type that admits nothing but this connection. */
  readonly reverse: string;
}

/** @param unread whether a part that is not understood could refuse the connection */
export const guardrailResult = (
  documentType: string,
  {
    refusals,
    notes,
    unread,
    exception,
    reverse,
  }: {
    readonly refusals: readonly GuardrailRefusal[];
    readonly notes: readonly string[];
    readonly unread: boolean;
    readonly exception: unknown;
    readonly reverse: unknown;
  },
): GuardrailResult => ({
  documentType,
  verdict: refusals.length > 0 ? 'refuses' : unread ? 'unknown' : 'allows',
  refusals,
  notes,
  exception: refusals.length > 0 && exception !== undefined ? text(exception) : null,
  reverse: text(reverse),
});

const text = (document: unknown): string => `${JSON.stringify(document, null, 2)}\n`;
