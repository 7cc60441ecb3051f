/** What an answer of the server says, be it good or bad. */
import { SojournRequestError } from './error.ts';

export interface Answer {
  readonly status: number;
  readonly retryAfter: number | undefined;
  readonly body: string;
}

/** What is read of a standard Response. */
export interface FetchAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: AsyncIterable<Uint8Array> | null;
}

const maxBytes = 1024 * 1024;
const checkIssuer = 'Check that the issuer is the address of a Sojourn server.';

/** Reads the body up to a bound. Rejects with `response_invalid` beyond it. */
export async function readAnswer(response: FetchAnswer): Promise<Answer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) throw notOurs(response.status, `The answer is over ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  const wish = response.headers.get('retry-after') ?? '';
  return {
    status: response.status,
    retryAfter: /^\d{1,6}$/.test(wish) ? Number(wish) : undefined,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

/** The object in a good answer. Throws `response_invalid`. */
export function objectIn({
  status,
  body,
}: Pick<Answer, 'status' | 'body'>): Readonly<Record<string, unknown>> {
  const value = parsed(body);
  if (value === undefined) throw notOurs(status, 'The answer is no JSON object.');
  return value;
}

export const notOurs = (status: number, detail: string) =>
  new SojournRequestError({ code: 'response_invalid', status, detail, advice: checkIssuer });

/** What a bad answer stands for. */
export type ErrorIn = (answer: Answer) => SojournRequestError;

/** Under /v1: a problem document (RFC 9457). What a gateway in front says in other forms is not the server's word. */
export const problemIn: ErrorIn = ({ status, retryAfter, body }) => {
  const { code, detail, advice, request_id } = parsed(body) ?? {};
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

/** What the server says at /token (RFC 6749 section 5.2, RFC 8707 section 2). */
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

/** At /token: OAuth's form, always with a sentence. A gateway may have words that are only like it. */
export const oauthErrorIn: ErrorIn = (answer) => {
  const { error, error_description: description } = parsed(answer.body) ?? {};
  if (!oauthCodes.includes(error) || typeof description !== 'string') return problemIn(answer);
  // The server writes its sentence and its advice into the one text that OAuth has.
  const [sentence = '', ...more] = description.split(/(?<=\.) (?=[A-Z])/);
  return new SojournRequestError({
    code: String(error),
    detail: sentence,
    advice: more.join(' ') || 'Check the client and how it signs in.',
    status: answer.status,
    retryAfter: answer.retryAfter,
  });
};

const isCode = (value: unknown): value is string => typeof value === 'string' && /^[a-z_]{1,64}$/.test(value);

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
