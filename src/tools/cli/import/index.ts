/**
 * Many connections at once, from a file. Owns: what the file may say, what of it is there already, and the list of what
 * became of each line. Does not own: the connections and their links, which the admin API makes one by one.
 */
import { invalidRequest } from '../../../platform/errors/index.ts';
import { openList } from './list-file.ts';
import { type Made, makeAll } from './make.ts';
import { planImport } from './plan.ts';
import { type Progress, progressHeader, progressLine } from './progress.ts';
import { type Ask, serverOf } from './server.ts';
import { readWanted } from './wanted.ts';

export { progressHeader, progressLine };

export interface ImportRequest {
  readonly bytes: Uint8Array;
  readonly ask: Ask;
  readonly invitation: Readonly<Record<string, unknown>>;
  readonly output: string | undefined;
  readonly anew: boolean;
}

export interface Imported {
  readonly rows: readonly Progress[];
  readonly made: { readonly connections: number; readonly invitations: number };
  /** Why it ended before the last line. */
  readonly failure: unknown;
}

/** Rejects before anything is made with every fault of the file; a failure after that comes with what was made. */
export async function importConnections(request: ImportRequest): Promise<Imported> {
  const { bytes, ask, invitation, output, anew } = request;
  const server = serverOf(ask);
  const { wanted, faults } = readWanted(bytes);
  if (faults.length > 0) throw invalidRequest(faults);
  const planned = planImport(wanted, await server.tenants(), await server.connections());
  if (planned.faults.length > 0) throw invalidRequest(planned.faults);
  const list = output === undefined ? undefined : openList(output);
  const done: { row: Progress; made: Made }[] = [];
  const failure = await makeAll(planned.planned, {
    ...{ server, invitation, anew },
    links: list?.links ?? new Map(),
    done(row, made) {
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
    made: {
      connections: done.filter(({ made }) => made.connection).length,
      invitations: done.filter(({ made }) => made.invitation).length,
    },
    failure,
  };
}
