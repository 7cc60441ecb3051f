/** One request to the server, with retries after transient errors and a limit on the total time. */
import { isTransient, SojournRequestError } from './error.ts';
import { type ErrorParser, type FetchResponse, readResponse, type ServerResponse } from './response.ts';

export interface Call {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The part of the standard `fetch` that the SDK uses. */
export type Fetch = (
  url: string,
  init: Omit<Call, 'url'> & { readonly redirect: 'manual'; readonly signal: AbortSignal },
) => Promise<FetchResponse>;

/** Longer than the server's limit of five seconds for one cloud exchange. */
const attemptMs = 10_000;
/** All attempts and pauses together. */
const totalMs = 30_000;
const maxAttempts = 4;
const firstBackoffMs = 250;

/** Builds one attempt: the server accepts a client assertion once, so every attempt needs a new one. */
export type Prepare = (signal: AbortSignal) => Promise<Call>;

/**
 * The body of a 2xx response. Rejects with the server's error, with `unreachable` or `timeout`, or with the reason of the
 * signal. Waits for Retry-After if the total time allows it, and rejects at once if it does not.
 */
export async function request(
  prepare: Prepare,
  parseError: ErrorParser,
  fetch: Fetch,
  signal: AbortSignal,
): Promise<string> {
  return withTimeout(signal, totalMs, async (totalSignal) => {
    let remainingMs = totalMs;
    for (let attempts = 1; ; attempts++) {
      try {
        const response = await sendOnce(prepare, fetch, totalSignal);
        if (response.status >= 200 && response.status <= 299) return response.body;
        throw parseError(response);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        const pause = backoffMs(attempts, error);
        remainingMs -= pause;
        if (!isTransient(error) || attempts === maxAttempts || totalSignal.aborted || remainingMs <= 0)
          throw error;
        // If the time runs out in the pause, the last error says more than a timeout.
        await sleep(pause, totalSignal).catch(() => {
          throw signal.aborted ? signal.reason : error;
        });
      }
    }
  });
}

/**
 * Runs the work with a signal that aborts with the outer one or after this time, and removes the timer and the listener
 * afterwards. AbortSignal.timeout would hold its listeners, and the responses they reference, until the time is over.
 */
async function withTimeout<T>(
  outer: AbortSignal,
  milliseconds: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const abort = () => controller.abort(outer.reason);
  const timer = setTimeout(() => controller.abort(), milliseconds);
  if (outer.aborted) abort();
  else outer.addEventListener('abort', abort, { once: true });
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', abort);
  }
}

async function sendOnce(prepare: Prepare, fetch: Fetch, totalSignal: AbortSignal): Promise<ServerResponse> {
  const call = await Promise.race([prepare(totalSignal), rejectOnAbort(totalSignal)]);
  return withTimeout(totalSignal, attemptMs, (signal) => send(call, fetch, signal));
}

async function send({ url, ...init }: Call, fetch: Fetch, signal: AbortSignal): Promise<ServerResponse> {
  try {
    // A redirect would send the secret to another host.
    return await readResponse(await fetch(url, { ...init, redirect: 'manual', signal }));
  } catch (error) {
    if (error instanceof SojournRequestError) throw error;
    const { origin } = new URL(url);
    if (signal.aborted) throw timeoutError(`The server at ${origin} did not answer in time.`);
    throw new SojournRequestError({
      code: 'unreachable',
      detail: `No server answers at ${origin}${causeOf(error)}.`,
      advice: 'Check the issuer and the network, and that the server is running.',
    });
  }
}

/** Rejects when the signal aborts: a custom sign-in may not listen to it. */
function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = () => reject(timeoutError('The sign-in timed out.'));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

const timeoutError = (detail: string) =>
  new SojournRequestError({
    code: 'timeout',
    detail,
    advice: 'Try again. Check the network and the server’s /readyz.',
  });

/** The system's error code, such as ECONNREFUSED. The rest of the error is dropped: a custom `fetch` may put secrets there. */
function causeOf(error: unknown): string {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: { code?: unknown } };
  const systemCode = cause?.code ?? code;
  return typeof systemCode === 'string' && /^[A-Z_0-9]{1,64}$/.test(systemCode) ? ` (${systemCode})` : '';
}

/** Exponential backoff with jitter, after Retry-After. */
function backoffMs(attempts: number, error: unknown): number {
  const retryAfterMs = error instanceof SojournRequestError ? (error.retryAfter ?? 0) * 1000 : 0;
  return retryAfterMs + firstBackoffMs * 2 ** (attempts - 1) * (0.5 + Math.random());
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal.addEventListener('abort', stop, { once: true });
  });
}
