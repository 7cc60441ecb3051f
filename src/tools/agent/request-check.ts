/** Authorizes requests to the agent: from an accepted origin, with the token of the file `authorization`. */
import type { IncomingMessage } from 'node:http';
import { createOriginCheck, createSecretMatcher, type OriginViolation } from '../loopback/index.ts';

export type RefusalReason = OriginViolation | 'token';

/** Returns why the request is refused, undefined if it is accepted. */
export type RequestCheck = (
  request: Pick<IncomingMessage, 'headers' | 'rawHeaders'>,
) => RefusalReason | undefined;

/** @param token the required value of `Authorization` */
export function createRequestCheck(origin: string, token: string): RequestCheck {
  const originViolation = createOriginCheck(origin);
  const isToken = createSecretMatcher(token);
  return (request) => originViolation(request) ?? (isToken(authorizationOf(request)) ? undefined : 'token');
}

/** AWS SDKs send the file's content as it is, Prometheus sends it as Bearer. A repeated header counts as missing. */
function authorizationOf({ headers, rawHeaders }: Parameters<RequestCheck>[0]): string | undefined {
  const count = rawHeaders.filter((name, index) => index % 2 === 0 && /^authorization$/i.test(name)).length;
  return count === 1 ? headers.authorization?.replace(/^Bearer /i, '') : undefined;
}
