/** Refuses a request without reading it, because too many others are waiting or in progress. */
import { type ServerResponse, STATUS_CODES } from 'node:http';
import { errorTable } from '../../platform/errors/index.ts';

const { status, oauth, title, advice } = errorTable.server_busy;

/** A problem document (RFC 9457) that is an OAuth error too (RFC 6749 section 5.2), because the path is not read. */
const body = JSON.stringify({
  type: 'urn:sojourn:error:server_busy',
  title: STATUS_CODES[status],
  status,
  code: 'server_busy',
  detail: title,
  advice,
  error: oauth,
  error_description: `${title} ${advice}`,
});

const headers = {
  'retry-after': '1',
  'cache-control': 'no-store',
  'content-type': 'application/problem+json',
  'content-length': String(Buffer.byteLength(body)),
  connection: 'close',
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
