/**
 * Import of many connections from a CSV file. Owns: the format of the file, the comparison with existing connections, and
 * the progress list. Does not own: connections and invitations; it creates them through the admin API.
 */
import { invalidRequest } from '../../../platform/errors/index.ts';
import { applyPlan, type Created } from './apply.ts';
import { type ImportedCloud, importedCloud, importedCloudNames } from './cloud.ts';
import { planImport } from './plan.ts';
import { type ProgressRow, progressHeader, progressLine } from './progress.ts';
import { openProgressFile } from './progress-file.ts';
import { readRows } from './rows.ts';
import { createImportApi, type RequestAdmin } from './server.ts';

export { type ImportedCloud, importedCloud, importedCloudNames, progressHeader, progressLine };

export interface ImportRequest {
  readonly bytes: Uint8Array;
  readonly cloud: ImportedCloud;
  readonly request: RequestAdmin;
  readonly invitation: Readonly<Record<string, unknown>>;
  readonly output: string | undefined;
  readonly newLinks: boolean;
}

export interface ImportResult {
  readonly rows: readonly ProgressRow[];
  readonly created: { readonly connections: number; readonly invitations: number };
  /** The error that stopped the import before the last line; otherwise undefined. */
  readonly failure: unknown;
}

/** Rejects with all errors of the file before it creates anything. A later failure is returned with what was created. */
export async function importConnections(options: ImportRequest): Promise<ImportResult> {
  const { bytes, cloud, request, invitation, output, newLinks } = options;
  const server = createImportApi(request, cloud.name);
  const { rows: wanted, faults } = readRows(bytes, cloud);
  if (faults.length > 0) throw invalidRequest(faults);
  const plan = planImport(cloud, wanted, await server.tenants(), await server.connections());
  if (plan.faults.length > 0) throw invalidRequest(plan.faults);
  const file = output === undefined ? undefined : openProgressFile(output);
  const done: { row: ProgressRow; created: Created }[] = [];
  const failure = await applyPlan(plan.rows, {
    ...{ server, invitation, newLinks },
    knownLinks: file?.links ?? new Map(),
    onRow(row, created) {
      done.push({ row, created });
      if (created.invitation) file?.add(row);
    },
  }).then(
    () => undefined,
    (error: unknown) => error ?? new Error('no reason was given'),
  );
  const rows = done
    .toSorted((first, second) => first.created.line - second.created.line)
    .map(({ row }) => row);
  // After a failure the file keeps its rows; the new ones are already appended.
  if (failure === undefined) file?.finish(rows);
  return {
    rows,
    created: {
      connections: done.filter(({ created }) => created.connection).length,
      invitations: done.filter(({ created }) => created.invitation).length,
    },
    failure,
  };
}
