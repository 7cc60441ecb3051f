/**
 * Whether the store still has what it acknowledged. A process knows the last line that it appended. A store without that line has
 * lost writes: a failover, a flush, an old file. Other acknowledged writes are then lost too, such as the deletion of a client,
 * so the process writes nothing more.
 */
import { SojournError } from '../errors/index.ts';

export interface Continuity {
  /** What the store lost; undefined as long as nothing is known to be lost. A fault refuses every write. */
  fault: string | undefined;
  /** Why the database is damaged, once a write has failed for that; only a restore repairs it. */
  damage?: string;
  /** The last committed line of this process. */
  last: { readonly sequence: number; readonly salt: Uint8Array } | undefined;
}

/** The refusal of a write; notes the fault for the writes that follow. */
export function lostWrites(continuity: Continuity, fault: string): SojournError {
  continuity.fault = fault;
  return new SojournError('store_rolled_back', { cause: new Error(fault) });
}

export const lostLines = 'it lacks audit lines that this server has written';
