/**
 * The interface of a key service: a few operations, each with one call. `serviceBackend` adds queueing, retries, the
 * circuit breaker and the verification of signatures for all services.
 */
import type { KeyObject } from 'node:crypto';
import type { Algorithm } from '../../../clouds/index.ts';

export interface KeyService {
  /** The product name, such as `AWS KMS`. */
  readonly name: string;
  /** The limit of concurrent calls. */
  readonly maxConcurrency: number;
  /** Whether the reference has the format of this service; false for a key of another backend. */
  isReference(reference: string): boolean;
  /** Creates a key pair whose private key never leaves the service; returns a reference that every replica can use. */
  create(alg: Algorithm, signal: AbortSignal): Promise<string>;
  publicKey(reference: string, signal: AbortSignal): Promise<KeyObject>;
  /** The signature of RFC 7518 section 3; for ES256 the 64 bytes r||s. */
  sign(reference: string, alg: Algorithm, data: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
  close?(): Promise<void>;
}
