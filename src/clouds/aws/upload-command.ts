/** Uploads with the AWS CLI. */
import type { UploadSupport } from '../contract/programs.ts';

export const upload: UploadSupport = {
  pattern: /^s3:\/\/[a-z0-9][a-z0-9.-]+(\/|$)/,
  example: 's3://BUCKET',
  command: (local, url, { media_type, cache_control }) => [
    ...['aws', 's3', 'cp', local, url],
    ...['--content-type', media_type],
    ...['--cache-control', cache_control],
  ],
};
