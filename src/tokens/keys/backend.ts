/** Who holds the private halves: this process, in files, or a key service. All fulfil the same few lines. */
import type { Algorithm } from '../../clouds/index.ts';
import type { KeyRecord, PublicJwk } from './ring.ts';

export interface NewKey {
  readonly jwk: PublicJwk;
  /** What the backend needs to sign with this key later; safe to store and to send to other replicas. */
  readonly sealed: string;
}

export interface KeyBackend {
  createKey(alg: Algorithm): Promise<NewKey>;
  /** A JWS signature (RFC 7518 section 3): for ES256 the 64 bytes r||s. */
  sign(key: KeyRecord, data: Uint8Array): Promise<Uint8Array>;
  /**
   * Rejects with `key_material_unusable` unless the backend can sign with this key. Where that cannot be found out at
   * this moment, it says so in the log and resolves.
   */
  check(key: KeyRecord): Promise<void>;
  /** Why it did not sign when last asked, for the operator; undefined while it does. */
  failure?(): string | undefined;
  close?(): Promise<void>;
  /** For backends that seal: the private half as it would be sealed today; undefined when it is sealed so already. */
  rewrap?(key: KeyRecord): Promise<string | undefined>;
}
