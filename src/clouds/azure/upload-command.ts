/** Uploads with the Azure CLI. */
import type { UploadSupport } from '../contract/programs.ts';

export const upload: UploadSupport = {
  pattern: /^https:\/\/[a-z0-9]+\.blob\.[a-z.]+\/[a-z0-9$-]+(\/|$)/,
  example: 'https://ACCOUNT.blob.core.windows.net/CONTAINER',
  command: (local, url, { media_type, cache_control }) => [
    ...['az', 'storage', 'blob', 'upload', '--auth-mode', 'login', '--overwrite', 'true'],
    ...['--file', local, '--blob-url', url],
    ...['--content-type', media_type],
    ...['--content-cache-control', cache_control],
  ],
};
