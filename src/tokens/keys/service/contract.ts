/**
 * What a key service must do: few calls, each made once. Waiting, trying again, counting and verifying are done for all
 * of them in one place, by `serviceBackend`.
 */
import type { KeyObject } from 'node:crypto';
import type { Algorithm } from '../../../clouds/index.ts';

export interface KeyService {
  /** As operators know it: `AWS KMS`. */
  readonly name: string;
  /** How many calls it is asked to do at once. */
  readonly maxConcurrency: number;
  /** Whether this can be a reference of its own, and not one that another backend made. */
  isReference(reference: string): boolean;
  /** Makes a key pair, whose private half never leaves the service; gives the reference that leads every replica to it. */
  create(alg: Algorithm, signal: AbortSignal): Promise<string>;
  publicKey(reference: string, signal: AbortSignal): Promise<KeyObject>;
  /** The signature of RFC 7518 section 3; for ES256 the 64 bytes r||s. */
  sign(reference: string, alg: Algorithm, data: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
  close?(): Promise<void>;
}
