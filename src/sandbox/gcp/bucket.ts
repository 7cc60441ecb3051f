/** Buckets of Cloud Storage and the objects in them. */
export interface StoredObject {
  readonly body: string;
  readonly contentType: string;
  readonly cacheControl: string | undefined;
}

export interface Bucket {
  /** The id of its project. */
  readonly project: string;
  readonly objects: Map<string, StoredObject>;
}
