/** The server's own access token for a key service: short-lived, cached in memory, renewed before it expires. */
import { createSingleFlight } from '../../../platform/cache/index.ts';
import type { Now } from '../../../platform/time/index.ts';

export interface AccessToken {
  readonly value: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Renewal starts while the token is still valid, so that no signature waits for it. */
const renewBeforeMs = 5 * 60_000;
const minRemainingMs = 10_000;
/** Pause after a failed renewal, while the cached token is still valid. */
const backOffMs = 10_000;
/** Independent of the deadline of the first request, because later requests need the token too. */
const fetchTimeoutMs = 5_000;

export class AccessTokenSource {
  readonly #obtain: (signal: AbortSignal) => Promise<AccessToken>;
  readonly #now: Now;
  readonly #singleFlight = createSingleFlight<AccessToken>();
  #token: AccessToken | undefined;
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

  /** Discards a token that the service rejects. */
  forget(value: string): void {
    if (this.#token?.value === value) this.#token = undefined;
  }

  #backOff(): void {
    this.#backingOff = true;
    setTimeout(() => {
      this.#backingOff = false;
    }, backOffMs).unref();
  }

  #renew(): Promise<AccessToken> {
    return this.#singleFlight('token', async () => {
      this.#token = await this.#obtain(AbortSignal.timeout(fetchTimeoutMs));
      return this.#token;
    });
  }
}
