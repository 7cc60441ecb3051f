/** One request to the server, made again after a fault of the moment, and bounded in all. */
import { type Answer, type ErrorIn, type FetchAnswer, readAnswer } from './answer.ts';
import { isPassing, SojournRequestError } from './error.ts';

export interface Call {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** As much of `fetch` as is asked for: the standard one fits, and so does a smaller one. */
export type Fetch = (
  url: string,
  asking: Omit<Call, 'url'> & { readonly redirect: 'manual'; readonly signal: AbortSignal },
) => Promise<FetchAnswer>;

/** The server gives a visit to a cloud five seconds. */
const tryMs = 10_000;
/** All tries and pauses together. */
const wholeMs = 30_000;
const maxTries = 4;
const firstPauseMs = 250;

/** What makes a call: a client assertion is taken once, so every try needs its own. */
export type Prepare = (signal: AbortSignal) => Promise<Call>;

/**
 * The body of a 2xx. Rejects with what the server said, with `unreachable` or `timeout`, or with the reason of the
 * signal. Retry-After is honoured where it lies within the bounds, and ends the tries where it does not.
 */
export async function request(
  prepare: Prepare,
  errorIn: ErrorIn,
  fetch: Fetch,
  signal: AbortSignal,
): Promise<string> {
  return bounded(signal, wholeMs, async (within) => {
    let left = wholeMs;
    for (let tries = 1; ; tries++) {
      try {
        const answer = await once(prepare, fetch, within);
        if (answer.status >= 200 && answer.status <= 299) return answer.body;
        throw errorIn(answer);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        const pause = pauseMs(tries, error);
        left -= pause;
        if (!isPassing(error) || tries === maxTries || within.aborted || left <= 0) throw error;
        // When the time runs out in the pause, what was said last is worth more than that.
        await sleep(pause, within).catch(() => {
          throw signal.aborted ? signal.reason : error;
        });
      }
    }
  });
}

/**
 * Gives the work a signal that fires with the outer one, or after this time, and lets go of both when the work is done:
 * AbortSignal.timeout holds what listens to it until its time has come, with everything that was answered meanwhile.
 */
async function bounded<T>(
  outer: AbortSignal,
  milliseconds: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ending = new AbortController();
  const end = () => ending.abort(outer.reason);
  const timer = setTimeout(() => ending.abort(), milliseconds);
  if (outer.aborted) end();
  else outer.addEventListener('abort', end, { once: true });
  try {
    return await work(ending.signal);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', end);
  }
}

async function once(prepare: Prepare, fetch: Fetch, within: AbortSignal): Promise<Answer> {
  const call = await Promise.race([prepare(within), endOf(within)]);
  return bounded(within, tryMs, (signal) => send(call, fetch, signal));
}

async function send({ url, ...init }: Call, fetch: Fetch, signal: AbortSignal): Promise<Answer> {
  try {
    // A redirect would carry the secret elsewhere.
    return await readAnswer(await fetch(url, { ...init, redirect: 'manual', signal }));
  } catch (error) {
    if (error instanceof SojournRequestError) throw error;
    const { origin } = new URL(url);
    if (signal.aborted) throw tooLate(`The server at ${origin} did not answer in time.`);
    throw new SojournRequestError({
      code: 'unreachable',
      detail: `No server answers at ${origin}${causeOf(error)}.`,
      advice: 'Check the issuer, the network, and that the server runs.',
    });
  }
}

/** Rejects when the signal fires: a sign-in of somebody else's may not listen to it. */
function endOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(tooLate('Signing in took too long.'));
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}

const tooLate = (detail: string) =>
  new SojournRequestError({
    code: 'timeout',
    detail,
    advice: 'Try again; check the network and /readyz of the server.',
  });

/** The system's short word for it. What else the error says may come from a `fetch` of somebody else's. */
function causeOf(error: unknown): string {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: { code?: unknown } };
  const word = cause?.code ?? code;
  return typeof word === 'string' && /^[A-Z_0-9]{1,64}$/.test(word) ? ` (${word})` : '';
}

/** Doubles, and is spread by chance, so that many services do not knock in step. */
function pauseMs(tries: number, error: unknown): number {
  const wish = error instanceof SojournRequestError ? (error.retryAfter ?? 0) * 1000 : 0;
  return wish + firstPauseMs * 2 ** (tries - 1) * (0.5 + Math.random());
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
