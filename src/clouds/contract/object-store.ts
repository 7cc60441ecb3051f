/** The part of a cloud that serves issuer documents to verifiers: its object store. */
import type { Now } from '../../platform/time/index.ts';
import type { Credentials } from './entry.ts';

/** A location in a cloud's object store, as configured. */
export interface BucketLocation {
  /** `s3://BUCKET/PREFIX` or the equivalent of the cloud. */
  readonly to: string;
  readonly region?: string | undefined;
  /** Replaces the cloud's public endpoint. */
  readonly endpoint?: string | undefined;
}

/** One document to upload to a bucket. */
export interface Upload {
  readonly location: BucketLocation;
  /** Relative to the location, without a leading slash; only letters, digits, `.`, `-`, `_` and `/`. */
  readonly path: string;
  readonly body: string;
  readonly contentType: string;
  readonly cacheControl: string;
  readonly credentials: Credentials;
  readonly now: Now;
  /** Aborts at the deadline of this document, including retries. */
  readonly signal: AbortSignal;
}

export interface ObjectStore {
  /** How its locations begin, and no other cloud's: `s3://`. */
  readonly scheme: string;
  /** What is wrong with a location of the scheme, as a message that follows the name of the field. */
  faultOf(location: BucketLocation): { readonly field: string; readonly message: string } | undefined;
  /** The URL of the document, which is also its public URL if the bucket is public. Requires a location without a fault. */
  urlOf(location: BucketLocation, path: string): string;
  /** @throws {SojournError} `cloud_…`, with no credential in its detail */
  put(upload: Upload): Promise<void>;
}
