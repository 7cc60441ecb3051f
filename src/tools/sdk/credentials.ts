/** What the server hands over, as values. */
import { notOurs, objectIn } from './answer.ts';

interface Handed {
  readonly connection: string;
  readonly expiresAt: Date;
}

export interface AwsCredentials extends Handed {
  readonly cloud: 'aws';
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

export interface BearerCredentials extends Handed {
  readonly cloud: 'azure' | 'gcp';
  readonly accessToken: string;
}

/** `cloud` tells which. */
export type Credentials = AwsCredentials | BearerCredentials;

/** The JWT that a cloud's own library trades for credentials (RFC 7523, RFC 8693). */
export interface CloudToken {
  readonly token: string;
  readonly expiresAt: Date;
}

/** Reads `format=json`. Throws `response_invalid`. */
export function credentialsIn(body: string): Credentials {
  const { connection, cloud, expires_at: end, credentials } = objectIn({ status: 200, body });
  const expiresAt = new Date(String(end));
  const given = (credentials ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof connection === 'string' && !Number.isNaN(expiresAt.valueOf())) {
    const { access_key_id: accessKeyId, secret_access_key: secretAccessKey } = given;
    const { session_token: sessionToken, access_token: accessToken } = given;
    const handed = { connection, expiresAt };
    if (cloud === 'aws' && isText(accessKeyId) && isText(secretAccessKey) && isText(sessionToken))
      return { ...handed, cloud, accessKeyId, secretAccessKey, sessionToken };
    if ((cloud === 'azure' || cloud === 'gcp') && isText(accessToken))
      return { ...handed, cloud, accessToken };
  }
  throw notOurs(200, 'The answer holds no credentials.');
}

/** Reads a token answer (RFC 6749 section 5.1); `now` in milliseconds. Throws `response_invalid`. */
export function tokenIn(body: string, now: number): CloudToken {
  const { access_token: token, expires_in: seconds } = objectIn({ status: 200, body });
  // It goes into a header: what cannot stand there would be told in the error of that.
  if (isText(token) && /^[\x21-\x7e]+$/.test(token) && typeof seconds === 'number' && seconds > 0)
    return { token, expiresAt: new Date(now + seconds * 1000) };
  throw notOurs(200, 'The answer holds no token.');
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
