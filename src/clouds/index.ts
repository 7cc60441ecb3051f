/**
 * The clouds. Owns: for each cloud the target, the exchange, the explanation of errors, and the set-up files.
 * Does not own: authorization, caching, audit and rate limits, which are in the exchange.
 * This is the only list of clouds: a new one needs a folder and a line here.
 */
import { aws } from './aws/index.ts';
import { azure } from './azure/index.ts';
import type { Cloud, CloudName } from './contract.ts';
import { gcp } from './gcp/index.ts';

export type * from './contract.ts';
export type { Explanation, Match } from './explanation.ts';
export type { Guide, LabeledValue, ReportField, SetupMethod, Step } from './guide.ts';
export type { Finding, Grade, LintResult, Severity } from './lint.ts';

export const clouds: Readonly<Record<CloudName, Cloud>> = { aws, azure, gcp };

export const cloudNames = Object.keys(clouds) as readonly CloudName[];
