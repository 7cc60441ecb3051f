/** Requests to a server, at either listener. */

import { SojournError } from '../../platform/errors/index.ts';
import {
  type OutboundRequest,
  type OutboundResponse,
  parseBaseUrl,
  send,
} from '../../platform/outbound/index.ts';
import { errorFromResponse, parseJson, usageError } from './failure.ts';
import type { Json } from './print.ts';

const deadlineMs = 30_000;
/** A page of 1,000 audit lines is far smaller. */
const maxBytes = 8 * 1024 * 1024;

/** The base URL without a trailing slash. Allows plain http for loopback only, because every request carries a secret. */
export function baseUrlFrom(text: string, source: string): string {
  const parsed = parseBaseUrl(text);
  if ('url' in parsed) return parsed.url;
  throw usageError(`${source} ${parsed.fault}`);
}

/**
 * The JSON object in the body of a 2xx response; `{}` if the body is empty. The answer of a server of another version can have
 * other members than `Answer`.
 */
export function parseAnswer<Answer extends object = Json>(body: string): Answer {
  if (body === '') return {} as Answer;
  const value = parseJson(body);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Answer;
  throw new SojournError('internal', {
    detail: 'The response is not a JSON object.',
    advice: 'Check that the URL is the URL of a Sojourn server.',
  });
}

/** A GET that returns a response of any status: /readyz answers 503 if the server is not ready. */
export const get = (url: string): Promise<OutboundResponse> =>
  send({ method: 'GET', url, signal: AbortSignal.timeout(deadlineMs), maxBytes });

/** Resolves to a 2xx response. Rejects with the server's error, or with an error that no server answers. */
export async function sendRequest(
  request: Omit<OutboundRequest, 'signal' | 'maxBytes'>,
  urlOption: string,
): Promise<OutboundResponse> {
  const answer = await send({ ...request, signal: AbortSignal.timeout(deadlineMs), maxBytes }).catch(
    (cause: unknown) => {
      if (!(cause instanceof SojournError)) throw cause;
      throw new SojournError(cause.code, {
        detail: `No server answers at ${new URL(request.url).origin}.`,
        advice: `Start one with \`sojourn serve\`, or give the URL of another one with ${urlOption}.`,
        cause,
      });
    },
  );
  if (answer.status >= 200 && answer.status <= 299) return answer;
  throw errorFromResponse(answer.status, answer.body);
}
