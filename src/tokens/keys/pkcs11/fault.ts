/** Maps return values of a PKCS#11 module to plain objects, which can be sent between threads. */

export interface TokenFault {
  readonly kind: 'refused' | 'unavailable';
  readonly reason: string;
}

export const fault = (kind: TokenFault['kind'], reason: string): TokenFault => ({ kind, reason });

const isFault = (error: unknown): error is TokenFault =>
  typeof error === 'object' && error !== null && 'kind' in error && 'reason' in error;

/** Errors of the key or the mechanism. All others count as errors of the session or the device. */
const refusals = [
  'CKR_KEY_FUNCTION_NOT_PERMITTED',
  'CKR_KEY_HANDLE_INVALID',
  'CKR_KEY_TYPE_INCONSISTENT',
  'CKR_MECHANISM_INVALID',
  'CKR_OBJECT_HANDLE_INVALID',
  'CKR_TEMPLATE_INCONSISTENT',
  'CKR_TOKEN_WRITE_PROTECTED',
];

export function faultOf(error: unknown): TokenFault {
  if (isFault(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return fault(refusals.includes(message) ? 'refused' : 'unavailable', message);
}

/** The handle is invalid: the key was deleted, or the token was removed and inserted again. */
export const isKeyMissing = (error: unknown): boolean =>
  isFault(error) && /^CKR_(KEY|OBJECT)_HANDLE_INVALID$/.test(error.reason);

export const isPinError = (error: unknown): error is Error =>
  error instanceof Error && /^CKR_(PIN_|USER_PIN_NOT_INITIALIZED)/.test(error.message);
