/** Documents in Blob Storage: https://learn.microsoft.com/rest/api/storageservices/put-blob */
import { SojournError } from '../../platform/errors/index.ts';
import type { Bucket, BucketLocation } from '../contract.ts';
import { objectUrl, putObject } from '../deposit.ts';
import { explain } from './explain.ts';

/** Entra's tokens are taken from 2017-11-09 on. */
const version = '2021-12-02';

/** `$web` is the container of a static website. */
const form =
  /^https:\/\/([a-z0-9]{3,24})\.(blob\.core\.(?:windows\.net|usgovcloudapi\.net|chinacloudapi\.cn))\/(\$web|[a-z0-9](?:-?[a-z0-9]){2,62})((?:\/[\w.-]+)*)\/?$/;

export const bucket: Bucket = {
  accepts: (to) => to.startsWith('https://'),

  faultOf({ to, region }) {
    if (!form.test(to))
      return {
        field: 'to',
        message: 'must be https://ACCOUNT.blob.core.windows.net/CONTAINER, with a prefix or without',
      };
    return region === undefined ? undefined : { field: 'region', message: 'is only for s3://' };
  },

  urlOf,

  async put({ location: place, path, body, contentType, cacheControl, credentials: pass, now, signal }) {
    const { credentials } = pass;
    if (!('access_token' in credentials)) throw new SojournError('internal', { cause: 'no pass of Azure' });
    const headers = {
      authorization: `Bearer ${credentials.access_token}`,
      'content-type': contentType,
      'x-ms-blob-cache-control': cacheControl,
      'x-ms-blob-content-type': contentType,
      'x-ms-blob-type': 'BlockBlob',
      'x-ms-date': new Date(now()).toUTCString(),
      'x-ms-version': version,
    };
    await putObject({ url: urlOf(place, path), headers, body, signal }, explain);
  },
};

/** At another endpoint the account is the first segment, as emulators have it. */
function urlOf({ to, endpoint }: BucketLocation, path: string): string {
  const [, account = '', domain = '', container = '', prefix = ''] = form.exec(to) ?? [];
  return endpoint === undefined
    ? objectUrl(`https://${account}.${domain}`, container, prefix, path)
    : objectUrl(endpoint, account, container, prefix, path);
}
