/** The part of a cloud that a verification and the lint need: what a refusal means, and whom else the cloud admits. */
import type { SojournError } from '../../platform/errors/index.ts';
import type { CloudResponse, Explanation } from '../explanation.ts';
import type { GuardrailResult } from '../guardrail.ts';
import type { LintResult } from '../lint.ts';
import type { SetupFacts } from './set-up.ts';

/** The claim of a probe that is wrong on purpose; the cloud must refuse the probe. */
export type ProbeType = 'subject' | 'audience';

/** What the cloud did with a probe; `inconclusive` after an outage, for example. */
export type ProbeResult = 'refused' | 'admitted' | 'inconclusive';

/** What to paste into a shell or a console to fix a refusal. */
export interface Remedy {
  /** The first condition that is not met, as a stable name for programs: `issuer_slash`, `session_tags`. */
  readonly condition: string;
  /** What differs, if the cloud reports it. */
  readonly detail?: string;
  /** A complete command or document. */
  readonly fix?: string;
}

/** A target that needs fewer permissions, and what it means if the cloud admits it after it refused the whole target. */
export interface ReducedTarget {
  readonly target: Readonly<Record<string, unknown>>;
  readonly cause: { readonly condition: string; readonly detail: string; readonly advice: string };
}

/** What a cloud may refuse in an issuer that others accept. Every cloud refuses the other faults. */
export type IssuerRule =
  | 'no_port'
  | 'short_url'
  | 'response_lists'
  | 'rs256_listed'
  | 'at_most_100_keys'
  | 'at_most_8_keys'
  | 'rsa_key'
  | 'no_key_ops'
  | 'named_key'
  | 'no_certificates'
  | 'use_and_alg'
  | 'rsa_or_p256'
  | 'fast_answer';

/** Every `target` is validated with the schema of the cloud. */
export interface Diagnosis {
  /** The rules for issuers that the cloud has, with the advice for an issuer that breaks one. */
  readonly issuerRules: Readonly<Partial<Record<IssuerRule, string>>>;
  /** The error with code and advice for a response of this cloud. */
  explain(response: CloudResponse): SojournError;
  /** The table of `explain`; the first match wins. */
  readonly explanations: readonly Explanation[];
  /** An audience of tokens of the same issuer for another cloud, which this cloud must refuse. */
  readonly wrongAudience: string;
  /** Why a probe of this type would prove nothing, and what protects instead. */
  readonly skippedProbes?: Readonly<Partial<Record<ProbeType, string>>>;
  /** The result of a probe that ended with this error; without an error the cloud admitted it. */
  interpretProbe(type: ProbeType, error: SojournError | undefined): ProbeResult;
  /** Only if the cloud accepts a token once: the result of a second use that ended with this error. */
  readonly interpretSecondUse?: (error: SojournError | undefined) => ProbeResult;
  /** How many seconds a trust change may take to propagate, and whether that may explain an error. */
  readonly propagation: { readonly seconds: number; mayExplain(error: SojournError): boolean };
  /** How to fix a refusal. */
  remedy(target: unknown, facts: SetupFacts, error: SojournError): Remedy;
  /** How to fix trust that admitted a probe. */
  fix(target: unknown, facts: SetupFacts, type: ProbeType): Remedy;
  /** Undefined if no setting of the target needs additional permissions. */
  reduce?(target: unknown): ReducedTarget | undefined;
  /** An example of `documentType` in the result of `lint`. */
  readonly documentType: string;
  /**
   * Lints a document of the customer's cloud: who gets in by it.
   * @param now the time of conditions on the time; the wall clock by default
   * @throws {SojournError} `invalid_request` if the document does not control access
   */
  lint(target: unknown, facts: SetupFacts, document: unknown, now?: number): LintResult;
  /** Whether the documents of the cloud can be YAML. */
  readonly readsYaml?: boolean;
  /**
   * Lints a rule of the customer's organization: whether it refuses the set-up or the tokens of the connection.
   * @throws {SojournError} `invalid_request` for any other document
   */
  guardrail?(target: unknown, facts: SetupFacts, document: unknown, now?: number): GuardrailResult;
}
