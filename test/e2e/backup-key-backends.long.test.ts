/** Backup and restore of a server whose private keys are in a key service; there is no key-encryption key. */
import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { askToken, oneConnection, withSecret } from '../support/server.ts';
import { awsCredentials, awsKmsService, awsSessionToken } from '../tokens/keys/services/aws-kms.ts';
import { sojourn } from '../tools/cli/arrange.ts';
import { environment, writeConfig } from './process.ts';
import { newFolder, redisStore, server, steadyPort } from './stage.ts';

const env = {
  AWS_ACCESS_KEY_ID: awsCredentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: awsCredentials.secretAccessKey,
  AWS_SESSION_TOKEN: awsSessionToken,
};

let service: Awaited<ReturnType<typeof awsKmsService>>;
beforeAll(async () => {
  service = await awsKmsService();
});
afterAll(() => service.stop());

/** Without credentials for the key service: backup and restore do not call it. */
const run = (file: string, ...args: string[]) => sojourn([...args, '--config', file], environment());

const jwksOf = async (issuer: string) => (await fetch(`${issuer}/jwks`)).text();

const onRedis = async () => ({ store: (await redisStore()).config.store });

test.each<[string, string, () => Promise<{ store?: string }>]>([
  ['the embedded store', 'sojourn.db', async () => ({})],
  ['a shared store', 'documents.jsonl', onRedis],
])(
  'with %s and keys in AWS KMS, a restored server is the same issuer with the same keys',
  async (_, state, stored) => {
    const port = await steadyPort();
    const place = async () => {
      const folder = await newFolder();
      const keys = {
        backend: 'aws-kms',
        aws_kms: { region: service.region, endpoint: service.origin },
        publish_lead: '1h',
      };
      const config = { ...(await stored()), keys };
      return { folder, port, config, env, file: await writeConfig({ folder, port, config }) };
    };
    const [old, fresh] = [await place(), await place()];
    const first = await server(old);
    const { client, connection } = await oneConnection(first);
    const jwks = await jwksOf(first.issuer);

    const folder = join(await newFolder(), 'backup');
    const options = ['backup', '--output', folder];
    expect(await run(old.file, ...options, '--with-encryption-key')).toEqual({
      code: 1,
      out: '',
      err: 'There is no key-encryption key: aws-kms has the private keys.\n→ Leave out --with-encryption-key.\n',
    });
    await expect(readdir(folder)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await run(old.file, ...options)).toEqual({
      code: 0,
      out: `Wrote the backup to ${folder}.\nIt does not contain the private keys: they stay in aws-kms.\n`,
      err: '',
    });
    expect((await readdir(folder)).toSorted()).toEqual(['backup.json', 'keys', state].toSorted());
    await first.stop('SIGTERM');

    // Left by a server that encrypted its keys itself; restore must ignore it.
    await copyFile(join(folder, 'backup.json'), join(folder, 'encryption.key'));
    const restored = await run(fresh.file, 'restore', folder);
    expect(restored).toEqual({
      code: 0,
      out: expect.stringMatching(/^Restored http:\S+ as of \S+Z\.\nNext: sojourn serve\n$/),
      err: '',
    });
    expect((await readdir(fresh.folder)).includes('encryption.key')).toBe(false);
    const second = await server(fresh);
    expect(await jwksOf(second.issuer)).toBe(jwks);
    const { body } = await askToken(second.issuer, withSecret(client, connection));
    const { payload } = await jwtVerify(
      String(body.access_token),
      createRemoteJWKSet(new URL(`${second.issuer}/jwks`)),
    );
    expect(payload).toMatchObject({ iss: first.issuer, sub: connection.subject });
    await second.stop('SIGTERM');
  },
  120_000,
);
