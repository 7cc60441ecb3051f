/** The cloud whose accounts a table lists: the only one with an import. */
import { cloudNames, clouds } from '../../../clouds/index.ts';

export const cloudName = cloudNames.find((name) => clouds[name].tableImport)!;
export const cloud = clouds[cloudName];
export const tableImport = cloud.tableImport!;
