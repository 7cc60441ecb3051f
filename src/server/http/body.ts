/** Reading a request's body, within bounds. */
import type { IncomingMessage } from 'node:http';
import getRawBody from 'raw-body';
import { invalidRequest, SojournError } from '../../platform/errors/index.ts';

export const maxBodyBytes = 16 * 1024;

/** The body as text. Rejects with `body_too_large` over `maxBytes`, `unsupported_media_type` when compressed. */
export async function readText(request: IncomingMessage, maxBytes = maxBodyBytes): Promise<string> {
  refuseCompressed(request);
  try {
    return await getRawBody(request, {
      limit: maxBytes,
      length: request.headers['content-length'] ?? null,
      encoding: 'utf-8',
    });
  } catch (cause) {
    if (cause instanceof Error && 'status' in cause && cause.status === 413)
      throw new SojournError('body_too_large', {
        ...(maxBytes === maxBodyBytes
          ? {}
          : { detail: `The body is over ${Math.floor(maxBytes / 1024)} KB.` }),
        cause,
      });
    throw new SojournError('invalid_request', { detail: 'The body did not arrive whole.', cause });
  }
}

/** @throws {SojournError} `unsupported_media_type` */
export function refuseCompressed({ headers }: IncomingMessage): void {
  const encoding = headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity') return;
  throw new SojournError('unsupported_media_type', {
    detail: 'The body is compressed.',
    advice: 'Send it uncompressed.',
  });
}

/** The body as JSON; an absent one is `{}`. */
export async function readJson(request: IncomingMessage, maxBytes?: number): Promise<unknown> {
  const text = await readText(request, maxBytes);
  if (text === '') return {};
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') throw new SojournError('unsupported_media_type');
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SojournError('invalid_request', { detail: 'The body is not JSON.', cause });
  }
}

/** The query's parameters, each once and each known; throws `invalid_request` or `unknown_parameter` by name. */
export function readQuery<Name extends string>(
  query: URLSearchParams,
  names: readonly Name[],
): { [name in Name]?: string } {
  const found: { [name in Name]?: string } = {};
  for (const [name, value] of query) {
    const known = names.find((candidate) => candidate === name);
    if (!known)
      throw new SojournError('unknown_parameter', {
        detail: `The parameter ${/^[\w-]{1,40}$/.test(name) ? name : '(unreadable name)'} is not known here.`,
      });
    if (found[known] !== undefined) throw invalidRequest([{ path: known, message: 'is there twice' }]);
    if (value !== '') found[known] = value;
  }
  return found;
}
