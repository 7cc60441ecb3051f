/** Maps errors of AWS KMS: https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html, "Errors". */
import { z } from 'zod';
import { SojournError } from '../../../platform/errors/index.ts';
import { refused, throttled, unavailable } from '../service/faults.ts';
import { describeSendError, optionalText } from '../service/rest.ts';

const refusals = new Set([
  'AccessDeniedException',
  'DisabledException',
  // For example a key pending deletion, which CancelKeyDeletion restores.
  'KMSInvalidStateException',
  'NotFoundException',
  'InvalidArnException',
  'InvalidKeyUsageException',
  'TagException',
  'LimitExceededException',
  'UnsupportedOperationException',
  'ValidationException',
]);
const throttles = new Set([
  'ThrottlingException',
  'ThrottledException',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'LimitExceeded',
]);
/** The server's own credentials are invalid. Messages are left out, because some of them repeat the session token. */
const unauthenticated = new Set([
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'ExpiredTokenException',
  'IncompleteSignatureException',
  'MissingAuthenticationTokenException',
  'CredentialsProviderError',
  'TokenProviderError',
]);

const sdkError = z.object({ name: optionalText, message: optionalText });

export function explain(error: unknown): SojournError {
  if (error instanceof SojournError) return unavailable(`AWS KMS: ${describeSendError(error)}`);
  const { name = '', message = '' } = sdkError.safeParse(error).data ?? {};
  if (refusals.has(name)) return refused(`AWS KMS: ${name}: ${message}`);
  if (throttles.has(name)) return throttled(`AWS KMS: ${name}`);
  if (unauthenticated.has(name))
    return unavailable(`AWS KMS: the server's own AWS credentials are missing or invalid (${name})`);
  return unavailable(`AWS KMS: ${/^\w{1,60}$/.test(name) ? name : 'unknown error'}`);
}
