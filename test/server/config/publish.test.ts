import { describe, expect, test } from '@jest/globals';
import { SojournError } from '../../../src/platform/errors/index.ts';
import { parseConfig } from '../../../src/server/config/load.ts';

const connection = 'con_01m8a88jt1jrjr7p98t6njdv7n';
const configured = (publish: unknown, env = {}) =>
  parseConfig({ issuer: 'http://127.0.0.1:1', listen: { public: '127.0.0.1:1' }, keys: { publish } }, env)
    .keys.publish;

describe('keys.publish', () => {
  test('accepts a bucket in each cloud, and removes its trailing slash', () => {
    expect(
      configured([
        { to: 's3://id-example/v1/', connection, region: 'eu-central-1', public_url: 'https://id.example/' },
        { to: 'gs://id_example', connection, endpoint: 'http://127.0.0.1:2/gcp' },
        { to: 'https://acme.blob.core.windows.net/$web', connection },
      ]),
    ).toEqual([
      { to: 's3://id-example/v1', connection, region: 'eu-central-1', public_url: 'https://id.example' },
      { to: 'gs://id_example', connection, endpoint: 'http://127.0.0.1:2/gcp' },
      { to: 'https://acme.blob.core.windows.net/$web', connection },
    ]);
  });

  test('is read as JSON from a variable', () => {
    const SOJOURN_KEYS_PUBLISH = JSON.stringify([{ to: 'gs://id-example', connection }]);
    expect(configured([], { SOJOURN_KEYS_PUBLISH })).toEqual([{ to: 'gs://id-example', connection }]);
  });

  test.each([
    [{ to: 's3://id-example', connection }, '0.region', 'must be set to the region of the bucket'],
    [
      { to: 's3://id-example', connection, region: 'europe' },
      '0.region',
      'must be the name of a region, such as eu-central-1',
    ],
    [{ to: 's3://ID', connection, region: 'eu-west-1' }, '0.to', 'must be s3://BUCKET or s3://BUCKET/PREFIX'],
    [{ to: 'gs://id/../x?', connection }, '0.to', 'must be gs://BUCKET or gs://BUCKET/PREFIX'],
    [{ to: 'gs://id-example', connection, region: 'eu-west-1' }, '0.region', 'is only for s3://'],
    [
      { to: 'https://evil.example/c', connection },
      '0.to',
      'must be https://ACCOUNT.blob.core.windows.net/CONTAINER, with a prefix or without',
    ],
    [{ to: 'file:///tmp', connection }, '0.to', 'must begin with s3://, gs:// or https://'],
    [{ to: 'gs://id-example', connection: 'mine' }, '0.connection', 'must be the id of a connection'],
    [
      { to: 'gs://id-example', connection, public_url: 'http://id.example' },
      '0.public_url',
      'must begin with https:// (http only for loopback hosts)',
    ],
  ])('rejects %j', (place, path, message) => {
    let refusal: unknown;
    try {
      configured([place]);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(SojournError);
    expect((refusal as SojournError).faults).toEqual([{ path: `keys.publish.${path}`, message }]);
  });
});
