/** A server whose private keys lie in a key service is backed up and restored without any key-encryption key. */
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

/** The command line asks no cloud for anything, so it is given nothing to ask with. */
const run = (file: string, ...args: string[]) => sojourn([...args, '--config', file], environment());

const jwksOf = async (issuer: string) => (await fetch(`${issuer}/jwks`)).text();

const onRedis = async () => ({ store: (await redisStore()).config.store });

test.each<[string, string, () => Promise<{ store?: string }>]>([
  ['the embedded store', 'sojourn.db', async () => ({})],
  ['a shared store', 'documents.jsonl', onRedis],
])(
  'with %s, it is the same issuer with the same keys afterwards',
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
      err: 'There is no key-encryption key: the private keys are held by aws-kms.\n→ Leave out --with-encryption-key.\n',
    });
    await expect(readdir(folder)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await run(old.file, ...options)).toEqual({
      code: 0,
      out: `The backup is in ${folder}.\nThe private keys are not in it: they stay with aws-kms.\n`,
      err: '',
    });
    expect((await readdir(folder)).toSorted()).toEqual(['backup.json', 'keys', state].toSorted());
    await first.stop('SIGTERM');

    // Of a server that sealed its keys itself before: it is no part of this one.
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
