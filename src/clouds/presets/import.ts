/** The columns of a table of connections to a service: the inputs of its preset. */
import type { TableImport } from '../contract/index.ts';
import type { Preset } from './preset.ts';

export function tableImportOf({ inputs }: Preset): TableImport {
  // A cell has no place for an object of claims.
  const columns = Object.keys(inputs).filter((name) => inputs[name]?.type !== 'claims');
  const parseCell = (name: string, cell: string): unknown => {
    const type = inputs[name]?.type;
    if (type === 'list') return cell.split(/\s+/);
    return type === 'seconds' && /^\d+$/.test(cell) ? Number(cell) : cell;
  };
  return {
    columns,
    targetOf: (cells) =>
      Object.fromEntries(
        columns.flatMap((name) => (cells[name] ? [[name, parseCell(name, cells[name])]] : [])),
      ),
    labelsOf: () => ({}),
    faultsIn: () => [],
    conflictOf({ target }, existing) {
      const field = Object.keys(target).find(
        (name) =>
          existing.target[name] !== undefined &&
          JSON.stringify(existing.target[name]) !== JSON.stringify(target[name]),
      );
      return field === undefined
        ? undefined
        : { path: field, message: `differs from that of ${existing.id}` };
    },
  };
}
