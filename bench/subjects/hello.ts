/** The least that an HTTP server does: a fixed answer from Node's own. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beSubject } from '../subject.ts';

const server = createServer((request, response) => {
  request.resume();
  response.setHeader('content-type', 'application/json');
  response.end('{"hello":"world"}');
});
server.listen(0, '127.0.0.1', () =>
  beSubject({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, body: '' }),
);
