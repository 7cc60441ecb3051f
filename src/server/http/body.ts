/** Reads bodies and query strings, with limits. */
import type { IncomingMessage } from 'node:http';
import getRawBody from 'raw-body';
import { invalidRequest, SojournError } from '../../platform/errors/index.ts';

export const maxBodyBytes = 16 * 1024;

/** The body as text. Rejects with `body_too_large` over `maxBytes`, and with `unsupported_media_type` if compressed. */
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
        detail: `The body is larger than ${Math.floor(maxBytes / 1024)} KB.`,
        cause,
      });
    throw new SojournError('invalid_request', { detail: 'The body is incomplete.', cause });
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

/** The body as JSON; an empty body counts as `{}`. */
export async function readJson(request: IncomingMessage, maxBytes?: number): Promise<unknown> {
  const text = await readText(request, maxBytes);
  if (text === '') return {};
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') throw new SojournError('unsupported_media_type');
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SojournError('invalid_request', { detail: 'The body is not valid JSON.', cause });
  }
}

/** The query parameters. Throws `unknown_parameter`, or `invalid_request` if one is repeated; an empty value counts as absent. */
export function readQuery<Name extends string>(
  query: URLSearchParams,
  names: readonly Name[],
): { [name in Name]?: string } {
  const values: { [name in Name]?: string } = {};
  for (const [name, value] of query) {
    const known = names.find((candidate) => candidate === name);
    if (!known)
      throw new SojournError('unknown_parameter', {
        detail: `The parameter ${/^[\w-]{1,40}$/.test(name) ? name : '(unreadable name)'} is unknown.`,
      });
    if (values[known] !== undefined)
      throw invalidRequest([{ path: known, message: 'is given more than once' }]);
    if (value !== '') values[known] = value;
  }
  return values;
}
