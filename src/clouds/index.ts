/**
 * The clouds. Owns: what each cloud wants of a token, how it is entered, how its answers are explained and what its
 * customers apply. Does not own: who may use a connection, caching, audit or limits; those are the exchange's.
 * This list is the only one: a fourth cloud is one folder and one line here.
 */
import { aws } from './aws/index.ts';
import { azure } from './azure/index.ts';
import type { Cloud, CloudName } from './contract.ts';
import { gcp } from './gcp/index.ts';

export type * from './contract.ts';
export type { Explanation, Match as Symptom } from './explanation.ts';
export type { Guide, LabeledValue as Fact, ReportField, SetupMethod as Way, Step } from './guide.ts';
export type { Finding, Grade, LintResult as Linted, Severity } from './lint.ts';

export const clouds: Readonly<Record<CloudName, Cloud>> = { aws, azure, gcp };

export const cloudNames = Object.keys(clouds) as readonly CloudName[];
