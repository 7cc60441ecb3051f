/** Services that trust an OIDC issuer, each described by a preset: a data file in this folder or of the operator. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Fault, SojournError } from '../../platform/errors/index.ts';
import { invalidFile, readBytes } from '../../platform/yaml/index.ts';
import type { Preset } from './preset.ts';
import { readPreset } from './read.ts';

export { cloudOfPreset } from './cloud.ts';
export { type Preset, presetSchema, statusGroups } from './preset.ts';
export type { PresetSettings } from './transport.ts';

/**
 * The presets of a folder, by id.
 * @throws {SojournError} `config_invalid` with the faults of all files
 */
export function readPresets(folder: string, taken: ReadonlySet<string> = new Set()): readonly Preset[] {
  const faults: Fault[] = [];
  const presets = new Map<string, Preset>();
  for (const name of namesIn(folder)) {
    const file = join(folder, name);
    try {
      const preset = readPreset(readBytes(file), file);
      if (presets.has(preset.id) || taken.has(preset.id))
        faults.push({ path: file, message: `id: ${preset.id} is the id of another destination` });
      presets.set(preset.id, preset);
    } catch (error) {
      if (!(error instanceof SojournError)) throw error;
      faults.push(...error.faults);
    }
  }
  if (faults.length > 0) throw invalidFile(faults);
  return [...presets.values()];
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /\.ya?ml$/.test(name))
      .toSorted();
  } catch (cause) {
    const { code = 'unknown reason' } = cause as NodeJS.ErrnoException;
    throw invalidFile([{ path: folder, message: `cannot be read (${code})` }], cause);
  }
}

/** The build has checked its JSON, and made it with all defaults. */
function readBuiltIn(folder: string): readonly Preset[] {
  const compiled = readdirSync(folder).filter((name) => name.endsWith('.json'));
  if (compiled.length === 0) return readPresets(folder);
  return compiled.map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Preset);
}

export const builtInPresets: readonly Preset[] = readBuiltIn(import.meta.dirname);
