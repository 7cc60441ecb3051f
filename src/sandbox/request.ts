/** Reads one incoming request completely, with a size limit. */
import type { IncomingMessage } from 'node:http';
import type { SandboxRequest } from './contract.ts';

const maxBodyBytes = 1024 * 1024;

/** Undefined if the body is too large; the rest of the body stays unread. */
export async function readRequest(
  incoming: IncomingMessage,
): Promise<{ readonly prefix: string; readonly request: SandboxRequest } | undefined> {
  const rawUrl = incoming.url ?? '/';
  const [wholePath, search] = splitOnce(rawUrl, '?');
  const [prefix, rest] = splitOnce(wholePath.slice(1), '/');
  const body = await readBody(incoming);
  if (!body) return undefined;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) headers[name] = [value].flat().join(', ');
  const request = {
    method: incoming.method ?? 'GET',
    path: `/${rest}`,
    rawUrl,
    query: new URLSearchParams(search),
    headers,
    body,
  };
  return { prefix, request };
}

async function readBody(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function splitOnce(text: string, mark: string): [string, string] {
  const index = text.indexOf(mark);
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + mark.length)];
}
