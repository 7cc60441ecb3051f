/** Explains why Cloud Storage refuses an upload: https://cloud.google.com/storage/docs/xml-api/reference-status */

import type { Explanation } from '../explanation.ts';
import { uploadStep as step } from '../upload.ts';

export const bucketErrors: readonly Explanation[] = [
  {
    match: { step, code: 'AccessDenied' },
    errorCode: 'cloud_permission_denied',
    detail: 'The identity may not write to the bucket.',
    advice:
      'Grant roles/storage.objectUser on the bucket to target.service_account or, without a service account, to the principal of the set-up file. target.scopes must contain cloud-platform or devstorage.read_write.',
  },
  {
    match: { step, code: 'NoSuchBucket' },
    errorCode: 'cloud_target_not_found',
    detail: 'The bucket does not exist.',
    advice: 'Correct `to` in keys.publish, or create the bucket.',
  },
  {
    match: { step, status: 401 },
    errorCode: 'cloud_permission_denied',
    detail: 'Cloud Storage rejects the access token.',
    advice:
      'Check that target.scopes contains cloud-platform or devstorage.read_write, and that the pool is still enabled.',
  },
];
