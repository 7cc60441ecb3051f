/** Reads responses of the server: bodies, and errors in the problem and OAuth formats. */
import { SojournRequestError } from './error.ts';

export interface ServerResponse {
  readonly status: number;
  /** Seconds. */
  readonly retryAfter: number | undefined;
  readonly body: string;
}

/** The part of a standard Response that the SDK reads. */
export interface FetchResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: AsyncIterable<Uint8Array> | null;
}

const maxBytes = 1024 * 1024;
const checkIssuer = 'Check that the issuer is the URL of a Sojourn server.';

/** Rejects with `response_invalid` if the body is larger than 1 MiB. */
export async function readResponse(response: FetchResponse): Promise<ServerResponse> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes)
      throw invalidResponse(response.status, `The response is larger than ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  const retryAfter = response.headers.get('retry-after') ?? '';
  return {
    status: response.status,
    retryAfter: /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) : undefined,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

/** The JSON object in a successful response. Throws `response_invalid`. */
export function parseObject({
  status,
  body,
}: Pick<ServerResponse, 'status' | 'body'>): Readonly<Record<string, unknown>> {
  const object = objectOf(body);
  if (object === undefined) throw invalidResponse(status, 'The response is not a JSON object.');
  return object;
}

export const invalidResponse = (status: number, detail: string) =>
  new SojournRequestError({ code: 'response_invalid', status, detail, advice: checkIssuer });

export type ErrorParser = (response: ServerResponse) => SojournRequestError;

/** Under /v1: a problem document (RFC 9457). Any other body comes from a gateway, not from the server. */
export const parseProblem: ErrorParser = ({ status, retryAfter, body }) => {
  const { code, detail, advice, request_id } = objectOf(body) ?? {};
  if (!isCode(code) || typeof detail !== 'string')
    return new SojournRequestError({
      code: 'response_invalid',
      detail: `The server answered ${status}.`,
      advice: checkIssuer,
      status,
      retryAfter,
    });
  return new SojournRequestError({
    code,
    detail,
    advice: typeof advice === 'string' ? advice : checkIssuer,
    status,
    retryAfter,
    requestId: typeof request_id === 'string' ? request_id : undefined,
  });
};

/** The error codes of the token endpoint (RFC 6749 section 5.2, RFC 8707 section 2). */
const oauthCodes: readonly unknown[] = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'invalid_scope',
  'invalid_target',
  'unauthorized_client',
  'unsupported_grant_type',
  'access_denied',
  'server_error',
  'temporarily_unavailable',
];

/** At /token: the OAuth format, always with a description. A gateway can send codes that look similar. */
export const parseOAuthError: ErrorParser = (response) => {
  const { error, error_description: description } = objectOf(response.body) ?? {};
  if (!oauthCodes.includes(error) || typeof description !== 'string') return parseProblem(response);
  // The server joins detail and advice, because OAuth has a single description.
  const [detail = '', ...advice] = description.split(/(?<=\.) (?=[A-Z])/);
  return new SojournRequestError({
    code: String(error),
    detail,
    advice: advice.join(' ') || 'Check the client and its sign-in method.',
    status: response.status,
    retryAfter: response.retryAfter,
  });
};

const isCode = (value: unknown): value is string => typeof value === 'string' && /^[a-z_]{1,64}$/.test(value);

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
