/**
 * The clouds. Owns: for each cloud the target, the exchange, the explanation of errors, and the set-up files.
 * Does not own: authorization, caching, audit and rate limits, which are in the exchange.
 * `clouds` is the list that modules use; CONTRIBUTING.md, "Adding a cloud", says what a new one needs.
 */
import { invalidRequest } from '../platform/errors/index.ts';
import { aws } from './aws/index.ts';
import { azure } from './azure/index.ts';
import type { Cloud, CloudSettings, Diagnosis, ObjectStore, SetUp } from './contract/index.ts';
import { gcp } from './gcp/index.ts';
import { type CloudName, programs } from './programs/index.ts';

export { algorithms } from './contract/entry.ts';
export type * from './contract/index.ts';
export type { Explanation, Match } from './explanation.ts';
export type { Finding, Grade, LintResult, Severity } from './lint.ts';
export type { CloudName } from './programs/index.ts';

export const clouds: Readonly<Record<CloudName, Cloud>> = { aws, azure, gcp };

export const cloudNames = Object.keys(clouds) as readonly CloudName[];

/** The values of the configuration keys of each cloud. */
export type SettingsByCloud = Readonly<Record<CloudName, CloudSettings>>;

/** @throws {SojournError} `invalid_request` if customers cannot set this cloud up with files */
export const setUpOf = (cloud: CloudName): SetUp => clouds[cloud].setUp ?? missing(cloud, 'set-up files');

/** @throws {SojournError} `invalid_request` if Sojourn cannot diagnose this cloud */
export const diagnosisOf = (cloud: CloudName): Diagnosis => clouds[cloud].diagnosis ?? missing(cloud, 'lint');

/** `s3://, gs:// or https://` */
export const bucketSchemes = new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(
  Object.keys(programs).flatMap((name) => clouds[name as CloudName].objectStore?.scheme ?? []),
);

/** The object store that a location belongs to. */
export const objectStoreAt = (to: string): ObjectStore | undefined =>
  Object.values(clouds).find(
    ({ objectStore }) => objectStore !== undefined && to.startsWith(objectStore.scheme),
  )?.objectStore;

function missing(cloud: CloudName, part: string): never {
  throw invalidRequest([{ path: 'cloud', message: `${cloud} has no ${part}` }]);
}
