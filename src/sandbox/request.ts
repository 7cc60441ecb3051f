/** One incoming request as the clouds see it, read whole and bounded. */
import type { IncomingMessage } from 'node:http';
import type { SandboxRequest } from './contract.ts';

const maxBodyBytes = 1024 * 1024;

/** Undefined when the body is too large; the rest of it is then left unread. */
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
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + mark.length)];
}
