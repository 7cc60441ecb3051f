/** What Blob Storage means when it does not take a document: https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes */
import { uploadStep as step } from '../deposit.ts';
import type { Explanation } from '../explanation.ts';

export const bucketRefusals: readonly Explanation[] = [
  ...['AuthorizationPermissionMismatch', 'AuthorizationFailure'].map((code) => ({
    match: { step, code },
    errorCode: 'cloud_permission_denied' as const,
    detail: 'The identity may not write to the container.',
    advice:
      'Assign it the role Storage Blob Data Contributor on the container, wait ten minutes, and see that the firewall of the account lets this server in.',
  })),
  ...['InvalidAuthenticationInfo', 'NoAuthenticationInformation'].map((code) => ({
    match: { step, code },
    errorCode: 'cloud_request_invalid' as const,
    detail: 'The access token is not one for storage.',
    advice: 'Set target.scope of the connection to https://storage.azure.com/.default.',
  })),
  {
    match: { step, code: 'ContainerNotFound' },
    errorCode: 'cloud_target_not_found',
    detail: 'There is no such container.',
    advice: 'Correct `to` in keys.publish, or make the container.',
  },
  {
    match: { step, code: 'ServerBusy' },
    errorCode: 'cloud_throttled',
    detail: 'Azure Storage is throttling.',
  },
];
