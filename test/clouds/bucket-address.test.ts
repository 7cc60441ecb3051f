import { expect, test } from '@jest/globals';
import { urlOf } from '../../src/clouds/aws/bucket.ts';

const discovery = '.well-known/openid-configuration';

test.each([
  ['s3://ids', 'eu-central-1', undefined, `https://ids.s3.eu-central-1.amazonaws.com/${discovery}`],
  ['s3://ids/a/b', 'cn-north-1', undefined, `https://ids.s3.cn-north-1.amazonaws.com.cn/a/b/${discovery}`],
  ['s3://ids', 'eusc-de-east-1', undefined, `https://ids.s3.eusc-de-east-1.amazonaws.eu/${discovery}`],
  ['s3://id.acme', 'us-east-1', undefined, `https://s3.us-east-1.amazonaws.com/id.acme/${discovery}`],
  ['s3://ids/a', 'us-east-1', 'http://127.0.0.1:1/s3', `http://127.0.0.1:1/s3/ids/a/${discovery}`],
])('a document for %s in region %s with endpoint %s is uploaded to %s', (to, region, endpoint, url) => {
  expect(urlOf({ to, region, endpoint }, discovery)).toBe(url);
});
