/** Buckets, with names that are unique across all accounts, and their objects. */

export interface StoredObject {
  readonly body: Buffer;
  readonly contentType: string;
  readonly cacheControl: string | undefined;
  readonly etag: string;
  /** Milliseconds since the epoch. */
  readonly changedAt: number;
}

export interface Bucket {
  readonly name: string;
  readonly accountId: string;
  readonly partition: string;
  readonly region: string;
  readonly objects: Map<string, StoredObject>;
  /** The bucket policy, as text. */
  policy: string | undefined;
}

/**
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, the rules that a regular expression
 * can check.
 */
export const isBucketName = (name: string): boolean =>
  /^[a-z0-9](?:[a-z0-9-]|\.(?=[a-z0-9])){1,61}[a-z0-9]$/.test(name) && !/^\d+\.\d+\.\d+\.\d+$/.test(name);
