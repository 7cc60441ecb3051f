/** A key backend holds the private keys: this process, encrypted in files, or a key service. */
import type { Algorithm } from '../../clouds/index.ts';
import type { KeyRecord, PublicJwk } from './ring.ts';

export interface NewKey {
  readonly jwk: PublicJwk;
  /** What the backend needs to sign with this key later: an encrypted key or a reference. Safe to store and to share. */
  readonly sealed: string;
}

export interface KeyBackend {
  createKey(alg: Algorithm): Promise<NewKey>;
  /** A JWS signature (RFC 7518 section 3): for ES256 the 64 bytes r||s. */
  sign(key: KeyRecord, data: Uint8Array): Promise<Uint8Array>;
  /**
   * Rejects with `key_material_unusable` if the backend cannot sign with this key. If the backend cannot be reached, it
   * logs that and resolves.
   */
  check(key: KeyRecord): Promise<void>;
  /** Why the last signature failed, for the operator; undefined while signing works. */
  failure?(): string | undefined;
  close?(): Promise<void>;
  /**
   * For backends that have a key-encryption key: authentication codes of the text, with the current key and, during a change,
   * with the previous one.
   */
  macs?(text: string): readonly string[];
  /** For backends that encrypt keys: the key under the current key-encryption key; undefined if it needs no change. */
  rewrap?(key: KeyRecord): Promise<string | undefined>;
}
