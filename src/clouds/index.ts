/**
 * The clouds. Owns: for each cloud the target, the exchange, the explanation of errors, and the set-up files.
 * Does not own: authorization, caching, audit and rate limits, which are in the exchange.
 * `clouds` is the list that modules use. CONTRIBUTING.md, "Adding a cloud", lists the other places that name a cloud.
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
