/** Reads a preset file; all faults of the file are reported together, each with its line. */
import { validate } from '../../platform/validation/index.ts';
import { invalidFile, parseYaml } from '../../platform/yaml/index.ts';
import { consistencyFaults } from './consistency.ts';
import { type Preset, presetSchema } from './preset.ts';

/** @throws {SojournError} `config_invalid` */
export function readPreset(bytes: Uint8Array, file: string): Preset {
  const { raw, lineOf } = parseYaml(bytes, file);
  const { value, faults } = validate(presetSchema, raw);
  const all = value ? consistencyFaults(value) : faults;
  if (value && all.length === 0) return value;
  throw invalidFile(
    all.map(({ path, message }) => ({ path: placeOf(path), message: `${path}: ${message}` })),
  );

  /** The line of the value, or of the nearest value around one that is missing. */
  function placeOf(path: string): string {
    const names = path.split('.');
    for (let length = names.length; length > 0; length--) {
      const line = lineOf(names.slice(0, length));
      if (line !== undefined) return line;
    }
    return file;
  }
}
