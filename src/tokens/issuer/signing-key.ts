/** A key of the ring as oidc-provider takes it: it asks for signatures and never sees a private key. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { ExternalSigningKey } from 'oidc-provider';
import type { KeyRecord } from '../keys/index.ts';

/** Signs `data` with the key `kid` of the ring. */
export type Sign = (kid: string, data: Uint8Array) => Promise<Uint8Array>;

export class RingSigningKey extends ExternalSigningKey {
  readonly #record: KeyRecord;
  readonly #sign: Sign;

  constructor(record: KeyRecord, sign: Sign) {
    super();
    this.#record = record;
    this.#sign = sign;
  }

  override get kid(): string {
    return this.#record.kid;
  }

  override get alg(): string {
    return this.#record.alg;
  }

  override keyObject(): KeyObject {
    return createPublicKey({ key: { ...this.#record.jwk }, format: 'jwk' });
  }

  override async sign(data: Uint8Array): Promise<Uint8Array> {
    return this.#sign(this.#record.kid, data);
  }
}
