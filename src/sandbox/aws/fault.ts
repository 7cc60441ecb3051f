/**
 * An error response of AWS. It is attached to a plain Error, because a refusal by a sandbox cloud is a valid response
 * and not a failure of this program.
 */
export interface Fault {
  readonly code: string;
  readonly message: string;
  /** HTTP status. */
  readonly status: number;
}

const faults = new WeakMap<Error, Fault>();

export function fault(code: string, message: string, status = 400): Error {
  const error = new Error(`${code}: ${message}`);
  faults.set(error, { code, message, status });
  return error;
}

/** Undefined for an error that is a defect of the sandbox. */
export const faultOf = (error: unknown): Fault | undefined =>
  error instanceof Error ? faults.get(error) : undefined;

export const accessDenied = (message: string): Error => fault('AccessDenied', message, 403);
export const noSuchEntity = (message: string): Error => fault('NoSuchEntity', message, 404);
export const alreadyExists = (message: string): Error => fault('EntityAlreadyExists', message, 409);
export const limitExceeded = (message: string): Error => fault('LimitExceeded', message, 409);
export const malformedPolicy = (message: string): Error => fault('MalformedPolicyDocument', message);
export const validationError = (message: string): Error => fault('ValidationError', message);
