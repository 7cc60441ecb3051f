/** One request to a server, either listener. */

import { SojournError } from '../../platform/errors/index.ts';
import { type OutboundAnswer, type OutboundRequest, send } from '../../platform/outbound/index.ts';
import { endpointField } from '../../server/config/index.ts';
import { errorFromResponse, parseJson, usageError } from './failure.ts';
import type { Json } from './print.ts';

const deadlineMs = 30_000;
/** A page of 1,000 audit lines fits well. */
const maxBytes = 8 * 1024 * 1024;

/** The base URL without a trailing slash. Plain http leaves the machine for nobody: a secret goes with every request. */
export function parseBaseUrl(args: string, source: string): string {
  const parsed = endpointField.safeParse(args);
  if (parsed.success) return parsed.data;
  throw usageError(`${source} ${parsed.error.issues[0]?.message ?? 'is not a URL'}`);
}

/** The object in a 2xx answer; `{}` when it has no body. */
export function parseAnswer(body: string): Json {
  if (body === '') return {};
  const value = parseJson(body);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw new SojournError('internal', {
    detail: 'The answer is no JSON object.',
    advice: 'Check that the URL leads to a Sojourn server.',
  });
}

/** The answer to a probe, whatever its status: /readyz says no with 503. */
export const get = (url: string): Promise<OutboundAnswer> =>
  send({ method: 'GET', url, signal: AbortSignal.timeout(deadlineMs), maxBytes });

/** The answer when it is a 2xx; rejects with what the server said, or that there is none. */
export async function sendRequest(
  request: Omit<OutboundRequest, 'signal' | 'maxBytes'>,
  howToName: string,
): Promise<OutboundAnswer> {
  const answer = await send({ ...request, signal: AbortSignal.timeout(deadlineMs), maxBytes }).catch(
    (cause: unknown) => {
      if (!(cause instanceof SojournError)) throw cause;
      throw new SojournError(cause.code, {
        detail: `No server answers at ${new URL(request.url).origin}.`,
        advice: `Start it with \`sojourn serve\`, or name another one with ${howToName}.`,
        cause,
      });
    },
  );
  if (answer.status >= 200 && answer.status <= 299) return answer;
  throw errorFromResponse(answer.status, answer.body);
}
