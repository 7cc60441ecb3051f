/** What a return value of a PKCS#11 module means, in a form that crosses from one thread to another. */

export interface TokenFault {
  readonly kind: 'refused' | 'unavailable';
  readonly reason: string;
}

export const fault = (kind: TokenFault['kind'], why: string): TokenFault => ({ kind, reason: why });

const isFault = (error: unknown): error is TokenFault =>
  typeof error === 'object' && error !== null && 'kind' in error && 'why' in error;

/** About the key or the mechanism; everything else is taken for a fault of the session or of the device. */
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

/** The handle leads nowhere: deleted, or the token was taken out and put back. */
export const isKeyMissing = (error: unknown): boolean =>
  isFault(error) && /^CKR_(KEY|OBJECT)_HANDLE_INVALID$/.test(error.reason);

export const isPinError = (error: unknown): error is Error =>
  error instanceof Error && /^CKR_(PIN_|USER_PIN_NOT_INITIALIZED)/.test(error.message);
