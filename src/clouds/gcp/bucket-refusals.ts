/** What Cloud Storage means when it does not take a document: https://cloud.google.com/storage/docs/xml-api/reference-status */
import { uploadStep as step } from '../deposit.ts';
import type { Explanation } from '../explanation.ts';

export const bucketRefusals: readonly Explanation[] = [
  {
    match: { step, code: 'AccessDenied' },
    errorCode: 'cloud_permission_denied',
    detail: 'The identity may not write to the bucket.',
    advice:
      'Grant roles/storage.objectUser on the bucket to target.service_account, or to the principal of the set-up file where there is none; target.scopes must have cloud-platform or devstorage.read_write.',
  },
  {
    match: { step, code: 'NoSuchBucket' },
    errorCode: 'cloud_target_not_found',
    detail: 'There is no such bucket.',
    advice: 'Correct `to` in keys.publish, or make the bucket.',
  },
  {
    match: { step, status: 401 },
    errorCode: 'cloud_permission_denied',
    detail: 'Cloud Storage does not take the access token.',
    advice:
      'Check that target.scopes has cloud-platform or devstorage.read_write, and that the pool is still enabled.',
  },
];
