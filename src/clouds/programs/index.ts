/**
 * How programs on a client's machine receive credentials of each cloud. Loads no parser, schema or HTTP package: the agent,
 * `sojourn credentials` and `sojourn exec` start with it, so it is a list of its own; the type check keeps it complete.
 */
import { programs as aws } from '../aws/programs.ts';
import { programs as azure } from '../azure/programs.ts';
import type { Programs } from '../contract/programs.ts';
import { programs as gcp } from '../gcp/programs.ts';
import { sharedFormats } from '../presets/shared-formats.ts';
import { mergeSetupOptions } from './setup-options.ts';

export { fileNames, nameFault, variableNames, variablesFile } from '../contract/delivered-names.ts';
export type * from '../contract/programs.ts';
export { sharedFormats };

/** In the order in which texts name the formats and tools. */
const all = { aws, gcp, azure };

export type CloudName = keyof typeof all;

export const programs: Readonly<Record<CloudName, Programs>> = all;

/** Of all clouds, by the name of the query parameter. */
export const setupOptions = mergeSetupOptions(all);

export const programsOf = (cloud: string): Programs | undefined =>
  Object.hasOwn(all, cloud) ? all[cloud as CloudName] : undefined;
