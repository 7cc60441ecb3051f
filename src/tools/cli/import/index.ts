/**
 * Many connections at once, from a file. Owns: what the file may say, what of it is there already, and the list of what
 * became of each line. Does not own: the connections and their links, which the admin API makes one by one.
 */
import { invalidRequest } from '../../../platform/errors/index.ts';
import { applyPlan, type Created } from './apply.ts';
import { planImport } from './plan.ts';
import { type ProgressRow, progressHeader, progressLine } from './progress.ts';
import { openProgressFile } from './progress-file.ts';
import { readRows } from './rows.ts';
import { createImportApi, type RequestAdmin } from './server.ts';

export { progressHeader, progressLine };

export interface ImportRequest {
  readonly bytes: Uint8Array;
  readonly request: RequestAdmin;
  readonly invitation: Readonly<Record<string, unknown>>;
  readonly output: string | undefined;
  readonly newLinks: boolean;
}

export interface ImportResult {
  readonly rows: readonly ProgressRow[];
  readonly created: { readonly connections: number; readonly invitations: number };
  /** Why it ended before the last line. */
  readonly failure: unknown;
}

/** Rejects before anything is made with every fault of the file; a failure after that comes with what was made. */
export async function importConnections(request: ImportRequest): Promise<ImportResult> {
  const { bytes, request: ask, invitation, output, newLinks: anew } = request;
  const server = createImportApi(ask);
  const { wanted, faults } = readRows(bytes);
  if (faults.length > 0) throw invalidRequest(faults);
  const planned = planImport(wanted, await server.tenants(), await server.connections());
  if (planned.faults.length > 0) throw invalidRequest(planned.faults);
  const list = output === undefined ? undefined : openProgressFile(output);
  const done: { row: ProgressRow; made: Created }[] = [];
  const failure = await applyPlan(planned.planned, {
    ...{ server, invitation, newLinks: anew },
    knownLinks: list?.links ?? new Map(),
    onRow(row, made) {
      done.push({ row, made });
      if (made.invitation) list?.add(row);
    },
  }).then(
    () => undefined,
    (error: unknown) => error ?? new Error('nothing was said'),
  );
  const rows = done.toSorted((one, other) => one.made.line - other.made.line).map(({ row }) => row);
  // After a failure the file stays as it was, with what was made at its end.
  if (failure === undefined) list?.finish(rows);
  return {
    rows,
    created: {
      connections: done.filter(({ made }) => made.connection).length,
      invitations: done.filter(({ made }) => made.invitation).length,
    },
    failure,
  };
}
