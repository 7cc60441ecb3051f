/** Credentials and tokens of the server as typed values. */
import { invalidResponse, parseObject } from './response.ts';

interface ConnectionCredentials {
  readonly connection: string;
  readonly expiresAt: Date;
}

export interface AwsCredentials extends ConnectionCredentials {
  readonly cloud: 'aws';
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** The account of the session, for endpoints that contain it. */
  readonly accountId?: string;
  /** The region of the connection. */
  readonly region?: string;
}

export interface BearerCredentials extends ConnectionCredentials {
  readonly cloud: 'azure' | 'gcp';
  readonly accessToken: string;
  /** The Google Cloud project of the connection. */
  readonly projectNumber?: string;
  /** The universe of Google Cloud, if it is not googleapis.com. */
  readonly universeDomain?: string;
}

/** Of a service with a preset: a token, or the keys of an S3-compatible store. */
export type ServiceCredentials = ConnectionCredentials & {
  readonly cloud: 'service';
  /** The preset: `vault`. */
  readonly service: string;
} & (
    | { readonly accessToken: string }
    | { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken: string }
  );

/** Discriminated by `cloud`. */
export type Credentials = AwsCredentials | BearerCredentials | ServiceCredentials;

/** The JWT that a cloud's own library exchanges for credentials (RFC 7523, RFC 8693). */
export interface CloudToken {
  readonly token: string;
  readonly expiresAt: Date;
}

/** Clouds whose credentials have their own type. */
const ownClouds: readonly string[] = ['aws', 'azure', 'gcp'];

/** Reads `format=json`. Throws `response_invalid`. */
export function parseCredentials(body: string): Credentials {
  const { connection, cloud, expires_at, credentials } = parseObject({ status: 200, body });
  const expiresAt = new Date(String(expires_at));
  const members = (credentials ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof connection === 'string' && !Number.isNaN(expiresAt.valueOf())) {
    const { access_key_id: accessKeyId, secret_access_key: secretAccessKey } = members;
    const { session_token: sessionToken, access_token: accessToken } = members;
    const { account_id: accountId, region } = members;
    const { project_number: projectNumber, universe_domain: universeDomain } = members;
    const common = { connection, expiresAt };
    if (cloud === 'aws' && isText(accessKeyId) && isText(secretAccessKey) && isText(sessionToken))
      return {
        ...common,
        cloud,
        accessKeyId,
        secretAccessKey,
        sessionToken,
        ...(isText(accountId) ? { accountId } : {}),
        ...(isText(region) ? { region } : {}),
      };
    if ((cloud === 'azure' || cloud === 'gcp') && isText(accessToken))
      return {
        ...common,
        cloud,
        accessToken,
        ...(isText(projectNumber) ? { projectNumber } : {}),
        ...(isText(universeDomain) ? { universeDomain } : {}),
      };
    if (isText(cloud) && !ownClouds.includes(cloud)) {
      const ofService = { ...common, cloud: 'service', service: cloud } as const;
      if (isText(accessToken)) return { ...ofService, accessToken };
      if (isText(accessKeyId) && isText(secretAccessKey) && isText(sessionToken))
        return { ...ofService, accessKeyId, secretAccessKey, sessionToken };
    }
  }
  throw invalidResponse(200, 'The response contains no credentials.');
}

/** Reads a token response (RFC 6749 section 5.1); `now` in milliseconds. Throws `response_invalid`. */
export function parseToken(body: string, now: number): CloudToken {
  const { access_token: token, expires_in: seconds } = parseObject({ status: 200, body });
  // The token goes into a header. If it held other characters, the error about the header would print it.
  if (isText(token) && /^[\x21-\x7e]+$/.test(token) && typeof seconds === 'number' && seconds > 0)
    return { token, expiresAt: new Date(now + seconds * 1000) };
  throw invalidResponse(200, 'The response contains no token.');
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
