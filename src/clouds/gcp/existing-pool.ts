/** Whether the set-up of another connection created the pool: creating it again fails, and deleting it would break that one. */
import type { EstablishedConnection } from '../contract/index.ts';
import { poolName } from './names.ts';
import type { GcpTarget } from './target.ts';

export const poolOwner = (
  target: GcpTarget,
  established: readonly EstablishedConnection[] = [],
): EstablishedConnection | undefined =>
  established.find((other) => poolName(other.target as GcpTarget) === poolName(target));
