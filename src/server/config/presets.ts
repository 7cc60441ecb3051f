/** The presets of the operator. */
import { builtInPresets, clouds, type Preset, readPresets } from '../../clouds/index.ts';
import { type Fault, SojournError } from '../../platform/errors/index.ts';

interface PresetKeys {
  readonly folder?: string | null | undefined;
  readonly endpoints?: Readonly<Record<string, string>> | undefined;
}

interface LoadedPresets {
  readonly own: readonly Preset[];
  readonly faults: readonly Fault[];
}

export function loadPresets({ folder, endpoints = {} }: PresetKeys): LoadedPresets {
  const { own, faults } = folder ? readFolder(folder) : { own: [], faults: [] };
  const names = new Set([...builtInPresets, ...own].map(({ id }) => id));
  return {
    own,
    faults: [
      ...faults,
      ...Object.keys(endpoints)
        .filter((name) => !names.has(name))
        .map((name) => ({ path: `presets.endpoints.${name}`, message: 'there is no such preset' })),
    ],
  };
}

function readFolder(folder: string): LoadedPresets {
  try {
    return { own: readPresets(folder, builtInNames), faults: [] };
  } catch (error) {
    if (!(error instanceof SojournError)) throw error;
    return { own: [], faults: error.faults };
  }
}

/** Taken when this module is loaded, before a start adds presets of an operator. */
const builtInNames: ReadonlySet<string> = new Set(Object.keys(clouds));
