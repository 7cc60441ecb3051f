/**
 * The request as oidc-provider gets to see it, made anew from what we have checked. Nothing that a stranger can write
 * into Host, X-Forwarded-* or the request line reaches the engine, which would build URLs and audiences from it.
 */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { tokenPath } from './documents.ts';

export function engineRequest(
  issuer: string,
  original: IncomingMessage,
  parameters: ReadonlyMap<string, string>,
): IncomingMessage {
  const { host, protocol } = new URL(issuer);
  const body = Buffer.from(new URLSearchParams([...parameters]).toString());
  const { authorization } = original.headers;
  const request = Object.assign(Readable.from([body], { objectMode: false }), {
    method: 'POST',
    url: tokenPath,
    httpVersion: '1.1',
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    socket: { encrypted: protocol === 'https:', remoteAddress: undefined },
    headers: {
      host,
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': String(body.length),
      ...(authorization === undefined ? {} : { authorization }),
    },
  });
  return request as unknown as IncomingMessage;
}
