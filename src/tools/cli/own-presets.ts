/** The operator's presets, from their server: this machine may not have their folder. */
import { addPresets, type Preset, presetSchema } from '../../clouds/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { itemsOf } from './admin.ts';
import type { Json } from './print.ts';

/** @param answer that of `/presets` */
export function addOwnPresets(answer: Json): void {
  addPresets(itemsOf(answer).map(readOwnPreset));
}

function readOwnPreset(item: Json): Preset {
  const { data } = presetSchema.safeParse(item);
  if (data) return data;
  throw new SojournError('internal', {
    detail: `The preset ${JSON.stringify(item.id)} of the server is of another version.`,
    advice: 'Use the `sojourn` command of the same version as the server.',
  });
}
