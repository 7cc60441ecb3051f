/** Uploads to Cloud Storage with its XML API: https://cloud.google.com/storage/docs/xml-api/put-object */
import { SojournError } from '../../platform/errors/index.ts';
import type { BucketLocation, ObjectStore } from '../contract/index.ts';
import { objectUrl, putObject } from '../upload.ts';
import { explain } from './explain.ts';

const publicAddress = 'https://storage.googleapis.com';

/** https://cloud.google.com/storage/docs/buckets#naming */
const pattern = /^gs:\/\/([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])((?:\/[\w.-]+)*)\/?$/;

export const bucket: ObjectStore = {
  scheme: 'gs://',

  faultOf: ({ to, region }) => {
    if (!pattern.test(to)) return { field: 'to', message: 'must be gs://BUCKET or gs://BUCKET/PREFIX' };
    return region === undefined ? undefined : { field: 'region', message: 'is only for s3://' };
  },

  urlOf,

  async put({ location, path, body, contentType, cacheControl, credentials: { credentials }, signal }) {
    if (!('access_token' in credentials))
      throw new SojournError('internal', { cause: 'not Google credentials' });
    const headers = {
      authorization: `Bearer ${credentials.access_token}`,
      'content-type': contentType,
      'cache-control': cacheControl,
    };
    await putObject({ url: urlOf(location, path), headers, body, signal }, explain);
  },
};

function urlOf({ to, endpoint = publicAddress }: BucketLocation, path: string): string {
  const [, name = '', prefix = ''] = pattern.exec(to) ?? [];
  return objectUrl(endpoint, name, prefix, path);
}
