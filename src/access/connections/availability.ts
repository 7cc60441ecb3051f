/** Whether a connection is available, and whether it has ever been active. Pure. */
import type { Connection } from './connection.ts';

/** The error code if the connection is disabled or paused; undefined otherwise. */
export const unavailableReason = ({
  disabled,
  paused_at,
}: Pick<Connection, 'disabled' | 'paused_at'>): 'connection_disabled' | 'connection_paused' | undefined =>
  disabled ? 'connection_disabled' : paused_at ? 'connection_paused' : undefined;

/** Also true for connections that became active before `activated_at` existed. */
export const hasBeenActive = ({
  activated_at,
  verdict,
}: Pick<Connection, 'activated_at' | 'verdict'>): boolean =>
  activated_at !== undefined || verdict === 'active';
