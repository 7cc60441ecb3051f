/** What keeps everybody out of a connection, and whether it ever let anybody in. Pure. */
import type { Connection } from './connection.ts';

/** The code of the refusal, asked by every road into a cloud; undefined while the way is open. */
export const unavailableReason = ({
  disabled,
  paused_at,
}: Pick<Connection, 'disabled' | 'paused_at'>): 'connection_disabled' | 'connection_paused' | undefined =>
  disabled ? 'connection_disabled' : paused_at ? 'connection_paused' : undefined;

/** Also of one that was active before `activated_at` was kept. */
export const hasBeenActive = ({
  activated_at,
  verdict,
}: Pick<Connection, 'activated_at' | 'verdict'>): boolean =>
  activated_at !== undefined || verdict === 'active';
