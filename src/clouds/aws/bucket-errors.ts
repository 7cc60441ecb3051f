/** Explains why S3 refuses an upload: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */

import type { Explanation } from '../explanation.ts';
import { uploadStep as step } from '../upload.ts';

export const bucketErrors: readonly Explanation[] = [
  {
    match: { step, code: 'AccessDenied' },
    errorCode: 'cloud_permission_denied',
    detail: 'The role may not write to the bucket.',
    advice:
      'Allow the role s3:PutObject on arn:aws:s3:::BUCKET/PREFIX/*; also check the session_policy of the connection and the bucket policy.',
  },
  {
    match: { step, code: 'NoSuchBucket' },
    errorCode: 'cloud_target_not_found',
    detail: 'The bucket does not exist.',
    advice: 'Correct `to` in keys.publish, or create the bucket.',
  },
  ...['AuthorizationHeaderMalformed', 'PermanentRedirect'].map((code) => ({
    match: { step, code },
    errorCode: 'cloud_request_invalid' as const,
    detail: 'The bucket is in another region.',
    advice: 'Correct `region` in keys.publish; the message of AWS names the right one.',
  })),
  {
    match: { step, code: 'RequestTimeTooSkewed' },
    errorCode: 'cloud_token_time',
    detail: 'The clock of this server differs by more than 15 minutes.',
  },
  { match: { step, code: 'SlowDown' }, errorCode: 'cloud_throttled', detail: 'S3 is throttling.' },
];
