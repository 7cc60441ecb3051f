/** The server's own access token for a key service: short-lived, kept in memory, renewed before it ends. */
import type { Now } from '../../../platform/time/index.ts';

export interface AccessToken {
  readonly value: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Renewed while it still serves, so that no signature waits for it. */
const renewBeforeMs = 5 * 60_000;
const minRemainingMs = 10_000;
/** After a renewal that failed, while the token at hand still serves. */
const backOffMs = 10_000;
/** Not the time of the request that came first: those that come later need the token as well. */
const fetchTimeoutMs = 5_000;

export class AccessTokenSource {
  readonly #obtain: (signal: AbortSignal) => Promise<AccessToken>;
  readonly #now: Now;
  #token: AccessToken | undefined;
  #fetching: Promise<AccessToken> | undefined;
  #backingOff = false;

  constructor(obtain: (signal: AbortSignal) => Promise<AccessToken>, now: Now) {
    this.#obtain = obtain;
    this.#now = now;
  }

  async get(): Promise<string> {
    const left = (this.#token?.expiresAt ?? 0) - this.#now();
    if (this.#token && left > minRemainingMs) {
      if (left < renewBeforeMs && !this.#backingOff) this.#renew().catch(() => this.#backOff());
      return this.#token.value;
    }
    return (await this.#renew()).value;
  }

  /** For a token that the service does not take. */
  forget(value: string): void {
    if (this.#token?.value === value) this.#token = undefined;
  }

  #backOff(): void {
    this.#backingOff = true;
    setTimeout(() => {
      this.#backingOff = false;
    }, backOffMs).unref();
  }

  /** One fetch at a time, for all who wait. */
  #renew(): Promise<AccessToken> {
    this.#fetching ??= this.#obtain(AbortSignal.timeout(fetchTimeoutMs))
      .then((token) => {
        this.#token = token;
        return token;
      })
      .finally(() => {
        this.#fetching = undefined;
      });
    return this.#fetching;
  }
}
