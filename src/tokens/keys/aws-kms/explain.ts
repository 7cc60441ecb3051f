/** What an error of AWS KMS means: https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html, "Errors". */
import { z } from 'zod';
import { SojournError } from '../../../platform/errors/index.ts';
import { refused, throttled, unavailable } from '../service/faults.ts';
import { describeSendError, text } from '../service/rest.ts';

const refusals = new Set([
  'AccessDeniedException',
  'DisabledException',
  // Pending deletion, for one: CancelKeyDeletion brings the key back.
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
/** The server's own credentials do not hold; the words of some of these repeat the session token. */
const unauthenticated = new Set([
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'ExpiredTokenException',
  'IncompleteSignatureException',
  'MissingAuthenticationTokenException',
  'CredentialsProviderError',
  'TokenProviderError',
]);

const sdkError = z.object({ name: text, message: text });

export function explain(error: unknown): SojournError {
  if (error instanceof SojournError) return unavailable(`AWS KMS: ${describeSendError(error)}`);
  const { name = '', message = '' } = sdkError.safeParse(error).data ?? {};
  if (refusals.has(name)) return refused(`AWS KMS: ${name}: ${message}`);
  if (throttles.has(name)) return throttled(`AWS KMS: ${name}`);
  if (unauthenticated.has(name))
    return unavailable(`AWS KMS: the server's own AWS credentials are missing or not valid (${name})`);
  return unavailable(`AWS KMS: ${/^\w{1,60}$/.test(name) ? name : 'an unknown answer'}`);
}
