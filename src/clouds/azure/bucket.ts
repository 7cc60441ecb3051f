/** Uploads to Blob Storage: https://learn.microsoft.com/rest/api/storageservices/put-blob */
import { SojournError } from '../../platform/errors/index.ts';
import type { BucketLocation, ObjectStore } from '../contract/index.ts';
import { objectUrl, putObject } from '../upload.ts';
import { explain } from './explain.ts';

/** Blob Storage accepts tokens of Entra since version 2017-11-09. */
const version = '2021-12-02';

/** `$web` is the container of a static website. */
const pattern =
  /^https:\/\/([a-z0-9]{3,24})\.(blob\.core\.(?:windows\.net|usgovcloudapi\.net|chinacloudapi\.cn))\/(\$web|[a-z0-9](?:-?[a-z0-9]){2,62})((?:\/[\w.-]+)*)\/?$/;

export const bucket: ObjectStore = {
  scheme: 'https://',

  faultOf({ to, region }) {
    if (!pattern.test(to))
      return {
        field: 'to',
        message: 'must be https://ACCOUNT.blob.core.windows.net/CONTAINER, with a prefix or without',
      };
    return region === undefined ? undefined : { field: 'region', message: 'is only for s3://' };
  },

  urlOf,

  async put({ location, path, body, contentType, cacheControl, credentials: { credentials }, now, signal }) {
    if (!('access_token' in credentials))
      throw new SojournError('internal', { cause: 'not Azure credentials' });
    const headers = {
      authorization: `Bearer ${credentials.access_token}`,
      'content-type': contentType,
      'x-ms-blob-cache-control': cacheControl,
      'x-ms-blob-content-type': contentType,
      'x-ms-blob-type': 'BlockBlob',
      'x-ms-date': new Date(now()).toUTCString(),
      'x-ms-version': version,
    };
    await putObject({ url: urlOf(location, path), headers, body, signal }, explain);
  },
};

/** At a custom endpoint the account is the first path segment, as emulators expect. */
function urlOf({ to, endpoint }: BucketLocation, path: string): string {
  const [, account = '', domain = '', container = '', prefix = ''] = pattern.exec(to) ?? [];
  return endpoint === undefined
    ? objectUrl(`https://${account}.${domain}`, container, prefix, path)
    : objectUrl(endpoint, account, container, prefix, path);
}
