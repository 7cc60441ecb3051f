/** Refuses a start without the preset of a connection: such a connection could be neither used, listed nor verified. */
import type { Connections } from '../../access/connections/index.ts';
import { clouds } from '../../clouds/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { allItems } from '../../platform/store/index.ts';

/** @throws {SojournError} `config_invalid`, which names each preset and some of its connections */
export async function requirePresets({ list }: Pick<Connections, 'list'>): Promise<void> {
  const missing = new Map<string, string[]>();
  for await (const { id, cloud } of allItems(list))
    if (!Object.hasOwn(clouds, cloud)) missing.set(cloud, [...(missing.get(cloud) ?? []), id]);
  if (missing.size === 0) return;
  const faults = [...missing].map(([preset, ids]) => ({
    path: 'presets.folder',
    message: `has no preset ${preset}, which ${ids.length === 1 ? 'a connection uses' : `${ids.length} connections use`} (${ids.slice(0, 3).join(', ')}${ids.length > 3 ? ', …' : ''}). Put its file back. Before you remove it, delete these connections`,
  }));
  throw new SojournError('config_invalid', {
    detail: faults.map(({ path, message }) => `${path} ${message}`).join('; '),
    faults,
  });
}
