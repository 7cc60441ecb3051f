/** A name server on loopback that answers as a test says (RFC 1035, RFC 2782). */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

const types = { A: 1, TXT: 16, AAAA: 28, SRV: 33 };
type Type = keyof typeof types;

/** The data of the records; undefined for a name that does not exist, and `silent` for no answer. */
export type Answer = readonly Buffer[] | 'silent' | undefined;

export interface NameServer {
  /** `ADDRESS:PORT` */
  readonly address: string;
  close(): void;
}

export async function startNameServer(answer: (name: string, type?: Type) => Answer): Promise<NameServer> {
  const server = createSocket('udp4');
  server.on('message', (query, { port, address }) => {
    const end = query.indexOf(0, 12) + 5;
    const code = query.readUInt16BE(end - 4);
    const type = (Object.keys(types) as Type[]).find((key) => types[key] === code);
    const records = answer(nameIn(query), type);
    if (records === 'silent') return;
    const header = Buffer.from(query.subarray(0, 12));
    header.writeUInt16BE(records ? 0x8180 : 0x8183, 2);
    header.writeUInt16BE(records?.length ?? 0, 6);
    header.writeUInt32BE(0, 8);
    server.send(
      Buffer.concat([
        header,
        query.subarray(12, end),
        // The name of the question, class IN, one hour.
        ...(records ?? []).flatMap((data) => [int16(0xc00c, code, 1, 0, 3600, data.length), data]),
      ]),
      port,
      address,
    );
  });
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => void server.close(),
  };
}

export const address = (value: string): Buffer => Buffer.from(value.split('.').map(Number));
export const text = (value: string): Buffer => Buffer.from([value.length, ...Buffer.from(value)]);
export const service = (host: string, port: number): Buffer =>
  Buffer.concat([int16(0, 0, port), ...host.split('.').map(text), Buffer.of(0)]);

function nameIn(query: Buffer): string {
  const labels: string[] = [];
  for (let offset = 12; query[offset] !== 0; offset += query[offset]! + 1)
    labels.push(query.toString('latin1', offset + 1, offset + 1 + query[offset]!));
  return labels.join('.').toLowerCase();
}

function int16(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, 2 * index);
  return bytes;
}
