/**
 * A SQL warehouse of Databricks as far as a driver needs it to open a session: the calls OpenSession and CloseSession of
 * TCLIService in Thrift's binary protocol over HTTP. It serves bearers of an access token that the workspace issued.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface Warehouse {
  readonly origin: string;
  readonly path: string;
  /** Of the session that it opens. */
  readonly sessionId: string;
  close(): Promise<void>;
}

const sessionId = '11111111-2222-4333-8444-555555555555';

/** @param workspace the stand-in that issues access tokens */
export async function startWarehouse(workspace: string): Promise<Warehouse> {
  const path = '/sql/1.0/warehouses/1';
  const server = http.createServer(async (request, response) => {
    const { method, url, headers } = request;
    const body = await buffer(request);
    const me = await fetch(`${workspace}/api/2.0/preview/scim/v2/Me`, {
      headers: { authorization: headers.authorization ?? '' },
    });
    const answer = me.ok ? answerTo(body) : undefined;
    const isThrift = method === 'POST' && url === path && headers['content-type'] === 'application/x-thrift';
    response.writeHead(!me.ok ? 401 : isThrift && answer ? 200 : 400, {
      'content-type': 'application/x-thrift',
    });
    response.end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    path,
    sessionId,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const version1 = 0x8001;
const call = 1;
const reply = 2;
/** Types of fields in Thrift's binary protocol. */
const types = { stop: 0, i32: 8, binary: 11, struct: 12 };

/** The members of the two answers, from TCLIService.thrift. */
const success = struct(1, i32(1, 0));
const guid = Buffer.from(sessionId.replaceAll('-', ''), 'hex');
const sessionHandle = struct(3, struct(1, binary(1, guid), binary(2, guid)));
const answers: Readonly<Record<string, Buffer>> = {
  OpenSession: struct(0, success, i32(2, 0xa501), sessionHandle),
  CloseSession: struct(0, success),
};

/** Undefined for what is no call of these methods. */
function answerTo(body: Buffer): Buffer | undefined {
  if (body.readUInt16BE(0) !== version1 || body.readUInt16BE(2) !== call) return undefined;
  const end = 8 + body.readInt32BE(4);
  const method = answers[body.toString('utf8', 8, end)];
  const head = Buffer.from(body.subarray(0, end + 4));
  head.writeUInt16BE(reply, 2);
  return method && Buffer.concat([head, method, Buffer.of(types.stop)]);
}

function field(type: number, id: number, ...value: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.of(type, id >> 8, id & 255), ...value]);
}
function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
function i32(id: number, value: number): Buffer {
  return field(types.i32, id, int32(value));
}
function binary(id: number, value: Buffer): Buffer {
  return field(types.binary, id, int32(value.length), value);
}
function struct(id: number, ...fields: readonly Buffer[]): Buffer {
  return field(types.struct, id, ...fields, Buffer.of(types.stop));
}
