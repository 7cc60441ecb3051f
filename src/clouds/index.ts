/**
 * The clouds. Owns: for each cloud the target, the exchange, the explanation of errors, and the set-up files.
 * Does not own: authorization, caching, audit and rate limits, which are in the exchange.
 * `clouds` is the list that modules use; CONTRIBUTING.md, "Adding a cloud", says what a new one needs. Services with a preset
 * are clouds too.
 */
import { z } from 'zod';
import { invalidRequest, SojournError } from '../platform/errors/index.ts';
import { aws } from './aws/index.ts';
import { azure } from './azure/index.ts';
import type { Cloud, CloudSettings, Diagnosis, ObjectStore, SetUp } from './contract/index.ts';
import { gcp } from './gcp/index.ts';
import { builtInPresets, cloudOfPreset, type Preset, type PresetSettings } from './presets/index.ts';
import { type CloudName, programs } from './programs/index.ts';

export { algorithms } from './contract/entry.ts';
export type * from './contract/index.ts';
export type { Explanation, Match } from './explanation.ts';
export type { GuardrailRefusal, GuardrailResult, GuardrailVerdict } from './guardrail.ts';
export type { Finding, Grade, LintResult, Severity } from './lint.ts';
export {
  builtInPresets,
  type Preset,
  type PresetSettings,
  presetSchema,
  readPresets,
} from './presets/index.ts';
export type { CloudName } from './programs/index.ts';

/** Those with a folder, and those of presets. */
type Clouds = Readonly<Record<CloudName, Cloud>> & Readonly<Record<string, Cloud | undefined>>;

const all: Record<string, Cloud> = { aws, azure, gcp };

/** Those with a folder. */
export const cloudNames = Object.keys(all) as readonly CloudName[];

export const clouds = all as Clouds;

/** Makes destinations of presets; a start adds those of the operator. */
export function addPresets(presets: readonly Preset[]): void {
  for (const preset of presets) all[preset.id] = cloudOfPreset(preset);
}

addPresets(builtInPresets);

/** The values of the configuration keys of each cloud. */
export type SettingsByCloud = Readonly<Record<CloudName, CloudSettings>> &
  Readonly<Record<string, CloudSettings>>;

const mustBeCloud = () => `must be one of ${Object.keys(all).join(', ')}`;

export const cloudField = z
  .string({ error: mustBeCloud })
  .refine((name) => Object.hasOwn(all, name), { error: mustBeCloud })
  .meta({ examples: [...cloudNames, ...builtInPresets.map(({ id }) => id)] });

/** The settings of the clouds, and those that all presets share. */
export const settingsByCloud = (
  ofClouds: SettingsByCloud,
  {
    own,
    endpoints,
    allow_networks,
  }: {
    readonly own: readonly Preset[];
    readonly endpoints: Readonly<Record<string, string>>;
    readonly allow_networks: readonly string[];
  },
): SettingsByCloud => ({
  ...ofClouds,
  ...Object.fromEntries(
    [...builtInPresets, ...own].map(({ id }): [string, PresetSettings] => [
      id,
      { allow_networks, ...(endpoints[id] === undefined ? {} : { endpoint: endpoints[id] }) },
    ]),
  ),
});

/** @throws {SojournError} `connection_incomplete` if its preset is no longer configured */
export function cloudOf(name: string): Cloud {
  const cloud = clouds[name];
  if (cloud) return cloud;
  throw new SojournError('connection_incomplete', {
    detail: `The server has no preset ${name}.`,
    advice: 'Put the file of the preset back into `presets.folder`, and restart the server.',
  });
}

/** @throws {SojournError} `invalid_request` if customers cannot set this cloud up with files */
export const setUpOf = (cloud: string): SetUp => cloudOf(cloud).setUp ?? missing(cloud, 'set-up files');

/** @throws {SojournError} `invalid_request` if Sojourn cannot diagnose this cloud */
export const diagnosisOf = (cloud: string): Diagnosis => cloudOf(cloud).diagnosis ?? missing(cloud, 'lint');

/** `s3://, gs:// or https://` */
export const bucketSchemes = new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(
  Object.keys(programs).flatMap((name) => clouds[name]?.objectStore?.scheme ?? []),
);

/** The object store that a location belongs to. */
export const objectStoreAt = (to: string): ObjectStore | undefined =>
  Object.values(all).find(({ objectStore }) => objectStore !== undefined && to.startsWith(objectStore.scheme))
    ?.objectStore;

function missing(cloud: string, part: string): never {
  throw invalidRequest([{ path: 'cloud', message: `${cloud} has no ${part}` }]);
}
