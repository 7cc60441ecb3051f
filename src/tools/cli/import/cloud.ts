/** The clouds whose accounts a table can list. */
import { type Cloud, clouds, type TableImport } from '../../../clouds/index.ts';
import { programsOf } from '../../../clouds/programs/index.ts';

export interface ImportedCloud extends Pick<Cloud, 'target'> {
  readonly name: string;
  readonly title: string;
  readonly tableImport: TableImport;
}

/** Also those of the operator's presets that were added. */
export const importedCloudNames = (): readonly string[] =>
  Object.entries(clouds).flatMap(([name, cloud]) => (cloud?.tableImport ? [name] : []));

/** Undefined if the cloud has no import. */
export function importedCloud(name: string): ImportedCloud | undefined {
  const { target, tableImport } = (Object.hasOwn(clouds, name) ? clouds[name] : undefined) ?? {};
  return target && tableImport
    ? { name, title: programsOf(name)?.title ?? name, target, tableImport }
    : undefined;
}
