/** What S3 means when it does not take a document: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
import { uploadStep as step } from '../deposit.ts';
import type { Explanation } from '../explanation.ts';

export const bucketRefusals: readonly Explanation[] = [
  {
    match: { step, code: 'AccessDenied' },
    errorCode: 'cloud_permission_denied',
    detail: 'The role may not write to the bucket.',
    advice:
      'Allow the role s3:PutObject on arn:aws:s3:::BUCKET/PREFIX/*; look at the session_policy of the connection and the policy of the bucket too.',
  },
  {
    match: { step, code: 'NoSuchBucket' },
    errorCode: 'cloud_target_not_found',
    detail: 'There is no such bucket.',
    advice: 'Correct `to` in keys.publish, or make the bucket.',
  },
  ...['AuthorizationHeaderMalformed', 'PermanentRedirect'].map((code) => ({
    match: { step, code },
    errorCode: 'cloud_request_invalid' as const,
    detail: 'The bucket is in another region.',
    advice: 'Correct `region` in keys.publish; the words of AWS name the right one.',
  })),
  {
    match: { step, code: 'RequestTimeTooSkewed' },
    errorCode: 'cloud_token_time',
    detail: 'The clock of this server is more than 15 minutes off.',
  },
  { match: { step, code: 'SlowDown' }, errorCode: 'cloud_throttled', detail: 'S3 is throttling.' },
];
