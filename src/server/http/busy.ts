/** Refuses a request without reading it, because too many others are waiting or in progress. */
import { type ServerResponse, STATUS_CODES } from 'node:http';
import { errorTable } from '../../platform/errors/index.ts';

/** A problem document (RFC 9457) that is an OAuth error too (RFC 6749 section 5.2), because the path is not read. */
function answerOf(code: 'server_busy' | 'store_unavailable', retryAfter: string) {
  const { status, oauth, title, advice } = errorTable[code];
  const body = JSON.stringify({
    type: `urn:sojourn:error:${code}`,
    title: STATUS_CODES[status],
    status,
    code,
    detail: title,
    advice,
    error: oauth,
    error_description: `${title} ${advice}`,
  });
  const headers = {
    'retry-after': retryAfter,
    'cache-control': 'no-store',
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  return { status, headers, body };
}

const { status, headers, body } = answerOf('server_busy', '1');
const storeUnavailable = answerOf('store_unavailable', '5');

/** Of a replica that was started while the store is down. */
export const answerStoreUnavailable = (response: ServerResponse): void => {
  response.writeHead(storeUnavailable.status, storeUnavailable.headers).end(storeUnavailable.body);
};

export const answerBusy = (response: ServerResponse): void => {
  response.writeHead(status, headers).end(body);
};

/** The same answer in bytes, for a request that was not parsed. */
export const busyBytes = [
  `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
  ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  '',
  body,
].join('\r\n');

/** For the metrics: a request that was refused like this. */
export const unread = { route: 'unread', method: 'unread', status, seconds: 0 };
