/** Temporary credentials that STS has issued. */
import { randomBytes } from 'node:crypto';
import { uniqueId } from './accounts.ts';

export interface Session {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly accountId: string;
  /** `arn:aws:sts::…:assumed-role/ROLE/SESSION` */
  readonly arn: string;
  /** `AROA…:SESSION` */
  readonly userId: string;
  /** The session policy, which can only restrict. */
  readonly policy?: string;
}

export interface Sessions {
  issue(identity: Pick<Session, 'accountId' | 'arn' | 'userId' | 'expiresAt' | 'policy'>): Session;
  find(accessKeyId: string): Session | undefined;
  reset(): void;
}

export function createSessions(): Sessions {
  const sessions = new Map<string, Session>();
  return {
    issue(identity) {
      const session = {
        ...identity,
        accessKeyId: uniqueId('ASIA', 16),
        secretAccessKey: randomBytes(30).toString('base64'),
        sessionToken: randomBytes(510).toString('base64'),
      };
      sessions.set(session.accessKeyId, session);
      return session;
    },
    find: (accessKeyId) => sessions.get(accessKeyId),
    reset: () => sessions.clear(),
  };
}
