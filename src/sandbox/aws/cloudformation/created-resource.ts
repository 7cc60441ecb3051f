/** A resource that a stack has created, and how to change and remove it. */

export type Json = Readonly<Record<string, unknown>>;

export interface CreatedResource {
  /** The value of Ref. */
  readonly physicalId: string;
  readonly attributes: Readonly<Record<string, string>>;
  remove(): void | Promise<void>;
  /** Changes the resource in place and returns its attributes; undefined if the change needs a new resource. */
  update?(properties: Json, old: Json): Attributes | undefined | Promise<Attributes | undefined>;
}

type Attributes = CreatedResource['attributes'];
