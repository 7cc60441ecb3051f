/** A connection whose set-up created resources that other connections of the customer share. */
export interface EstablishedConnection {
  readonly id: string;
  /** Validated with the schema of the cloud. */
  readonly target: unknown;
}
