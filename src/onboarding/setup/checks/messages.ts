/** The messages between the server and the process that checks documents. */
import type { SetupFacts } from '../../../clouds/index.ts';
import type { ErrorCode, Fault } from '../../../platform/errors/index.ts';

/** After a first message with the operator's presets, which the process answers too. */
export interface Check {
  readonly type: 'lint' | 'guardrail';
  readonly cloud: string;
  readonly target: Readonly<Record<string, unknown>>;
  readonly facts: SetupFacts;
  readonly document: string;
}

export type Outcome<Result> =
  | { readonly result: Result }
  | {
      readonly error: {
        readonly code: ErrorCode;
        readonly detail?: string;
        readonly advice?: string;
        readonly faults?: readonly Fault[];
        readonly cause?: unknown;
      };
    };
