/** Uploads with gcloud. */
import type { UploadSupport } from '../contract/programs.ts';

export const upload: UploadSupport = {
  pattern: /^gs:\/\/[a-z0-9][\w.-]+(\/|$)/,
  example: 'gs://BUCKET',
  command: (local, url, { media_type, cache_control }) => [
    ...['gcloud', 'storage', 'cp', local, url],
    `--content-type=${media_type}`,
    `--cache-control=${cache_control}`,
  ],
};
