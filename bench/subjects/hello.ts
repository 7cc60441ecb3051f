/** A minimal HTTP server of Node with a fixed response. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runSubject } from '../subject.ts';

const server = createServer((request, response) => {
  request.resume();
  response.setHeader('content-type', 'application/json');
  response.end('{"hello":"world"}');
});
server.listen(0, '127.0.0.1', () =>
  runSubject({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, body: '' }),
);
