/** Uploads to S3: PutObject, signed with a session of the connection's role. */
import type { BucketLocation, ObjectStore } from '../contract/index.ts';
import { objectUrl, putObject } from '../upload.ts';
import { explain } from './explain.ts';
import { domainOf, regionField } from './partitions.ts';
import { sign } from './signature.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const pattern = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:\/[\w.-]+)*)\/?$/;

export const bucket: ObjectStore = {
  scheme: 's3://',

  faultOf({ to, region }) {
    if (!pattern.test(to)) return { field: 'to', message: 'must be s3://BUCKET or s3://BUCKET/PREFIX' };
    if (region === undefined) return { field: 'region', message: 'must be set to the region of the bucket' };
    return regionField.safeParse(region).success
      ? undefined
      : { field: 'region', message: 'must be the name of a region, such as eu-central-1' };
  },

  urlOf,

  async put(upload) {
    const { location, path, body, contentType, cacheControl, credentials, now, signal } = upload;
    const url = urlOf(location, path);
    const headers = await sign({
      ...{
        method: 'PUT',
        url,
        service: 's3',
        region: location.region ?? '',
        body,
        credentials,
        signedAt: now(),
      },
      headers: { 'content-type': contentType, 'cache-control': cacheControl },
    });
    await putObject({ url, headers, body, signal }, explain);
  },
};

/** Virtual-hosted style, as AWS recommends; path style at a custom endpoint, as emulators expect. */
export function urlOf({ to, region = '', endpoint }: BucketLocation, path: string): string {
  const [, name = '', prefix = ''] = pattern.exec(to) ?? [];
  const domain = domainOf(region);
  if (endpoint !== undefined) return objectUrl(endpoint, name, prefix, path);
  // The wildcard certificate of S3 covers a single label, so a bucket name with a dot must be in the path.
  return name.includes('.')
    ? objectUrl(`https://s3.${domain}`, name, prefix, path)
    : objectUrl(`https://${name}.s3.${domain}`, prefix, path);
}
