/** Documents in S3: PutObject, signed with the session of the connection's role. */
import type { Bucket, BucketLocation } from '../contract.ts';
import { objectUrl, putObject } from '../deposit.ts';
import { explain } from './explain.ts';
import { domainOf, regionField } from './partitions.ts';
import { signed } from './signature.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const form = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:\/[\w.-]+)*)\/?$/;

export const bucket: Bucket = {
  accepts: (to) => to.startsWith('s3://'),

  faultOf({ to, region }) {
    if (!form.test(to)) return { field: 'to', message: 'must be s3://BUCKET or s3://BUCKET/PREFIX' };
    if (region === undefined) return { field: 'region', message: 'is missing: the region of the bucket' };
    return regionField.safeParse(region).success
      ? undefined
      : { field: 'region', message: 'must be the name of a region, such as eu-central-1' };
  },

  urlOf,

  async put(deposit) {
    const {
      location: place,
      path,
      body,
      contentType,
      cacheControl,
      credentials: pass,
      now,
      signal,
    } = deposit;
    const url = urlOf(place, path);
    const headers = await signed({
      ...{ method: 'PUT', url, service: 's3', region: place.region ?? '', body, pass, at: now() },
      headers: { 'content-type': contentType, 'cache-control': cacheControl },
    });
    await putObject({ url, headers, body, signal }, explain);
  },
};

/** Where the object is: in the name of the host, as AWS wants it, or at the endpoint in the path, as emulators do. */
export function urlOf({ to, region = '', endpoint }: BucketLocation, path: string): string {
  const [, name = '', prefix = ''] = form.exec(to) ?? [];
  const domain = domainOf(region);
  if (endpoint !== undefined) return objectUrl(endpoint, name, prefix, path);
  // The certificate of S3 covers one label before its own: a name with a dot has to stand in the path.
  return name.includes('.')
    ? objectUrl(`https://s3.${domain}`, name, prefix, path)
    : objectUrl(`https://${name}.s3.${domain}`, prefix, path);
}
