/** Explains why Blob Storage refuses an upload: https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes */

import type { Explanation } from '../explanation.ts';
import { uploadStep as step } from '../upload.ts';

export const bucketErrors: readonly Explanation[] = [
  ...['AuthorizationPermissionMismatch', 'AuthorizationFailure'].map((code) => ({
    match: { step, code },
    errorCode: 'cloud_permission_denied' as const,
    detail: 'The identity may not write to the container.',
    advice:
      'Assign it the role Storage Blob Data Contributor on the container, wait ten minutes, and check that the firewall of the storage account admits this server.',
  })),
  ...['InvalidAuthenticationInfo', 'NoAuthenticationInformation'].map((code) => ({
    match: { step, code },
    errorCode: 'cloud_request_invalid' as const,
    detail: 'The access token is not valid for storage.',
    advice: 'Set target.scope of the connection to https://storage.azure.com/.default.',
  })),
  {
    match: { step, code: 'ContainerNotFound' },
    errorCode: 'cloud_target_not_found',
    detail: 'The container does not exist.',
    advice: 'Correct `to` in keys.publish, or create the container.',
  },
  {
    match: { step, code: 'ServerBusy' },
    errorCode: 'cloud_throttled',
    detail: 'Azure Storage is throttling.',
  },
];
