import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type TestServer, testServer } from '../../support/server.ts';
import { recorder, runCommand } from './arrange.ts';

let server: TestServer;
let folder: string;
let tenants: { id: string; own_issuer: boolean }[];

beforeAll(async () => {
  server = await testServer();
  folder = await mkdtemp(join(tmpdir(), 'sojourn-export-'));
  const make = (body: object) =>
    server.admin.post<{ id: string; own_issuer: boolean }>('/tenants', { name: 'Acme', ...body });
  tenants = [
    await make({}),
    await make({ own_issuer: true }),
    await make({ own_issuer: true, own_keys: true }),
  ];
}, 60_000);
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const run = (...args: string[]) =>
  runCommand(['keys', 'export', ...args], {
    SOJOURN_ADMIN_URL: server.adminOrigin,
    SOJOURN_ADMIN_TOKEN: server.adminToken,
  });

const issuers = () => ['', ...tenants.filter(({ own_issuer }) => own_issuer).map(({ id }) => `t/${id}/`)];
const paths = () =>
  issuers().flatMap((below) => [`${below}jwks`, `${below}.well-known/openid-configuration`]);

describe('sojourn keys export', () => {
  test('writes the documents of every issuer with the bytes and paths that the server serves', async () => {
    const output = join(folder, 'all');
    const { code, out, err } = await run('--output', output, '--json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const manifest: unknown = JSON.parse(await readFile(join(output, 'manifest.json'), 'utf8'));
    expect(JSON.parse(out)).toEqual(manifest);
    const served = await Promise.all(
      paths().map(async (path) => {
        const answer = await fetch(`${server.issuer}/${path}`);
        const { headers } = answer;
        return {
          path,
          bytes: Buffer.from(await answer.arrayBuffer()),
          type: headers.get('content-type'),
          cache: headers.get('cache-control'),
        };
      }),
    );
    expect(manifest).toEqual({
      files: served.map(({ path, type, cache }) => ({ path, media_type: type, cache_control: cache })),
    });
    for (const { path, bytes } of served) expect(await readFile(join(output, path))).toEqual(bytes);
  }, 60_000);

  test.each([
    [
      's3://id-acme/v1/',
      (file: string, path: string) =>
        `aws s3 cp ${file} s3://id-acme/v1/${path} --content-type application/json --cache-control 'public, max-age=0, stale-if-error=86400'`,
    ],
    [
      'gs://id-acme',
      (file: string, path: string) =>
        `gcloud storage cp ${file} gs://id-acme/${path} --content-type=application/json '--cache-control=public, max-age=0, stale-if-error=86400'`,
    ],
    [
      'https://acme.blob.core.windows.net/id',
      (file: string, path: string) =>
        `az storage blob upload --auth-mode login --overwrite true --file ${file} --blob-url https://acme.blob.core.windows.net/id/${path} --content-type application/json --content-cache-control 'public, max-age=0, stale-if-error=86400'`,
    ],
  ])(
    'prints the commands that upload the documents to %s',
    async (bucket, line) => {
      const output = join(folder, 'printed');
      const { code, out } = await run('--output', output, '--bucket', bucket);
      expect({ code, out }).toEqual({
        code: 0,
        out: `Wrote 6 documents and manifest.json to ${output}\n\n${paths()
          .map((path) => `${line(join(output, path), path)}\n`)
          .join('')}`,
      });
    },
    60_000,
  );

  test('rejects an unknown kind of bucket before it requests or writes anything', async () => {
    const output = join(folder, 'none');
    expect(await run('--output', output, '--bucket', 'ftp://files')).toEqual({
      code: 2,
      out: '',
      err: '--bucket must be s3://BUCKET, gs://BUCKET, https://ACCOUNT.blob.core.windows.net/CONTAINER, with or without a prefix.\n',
    });
    await expect(readFile(join(output, 'manifest.json'))).rejects.toThrow('ENOENT');
  }, 60_000);

  test('does not write outside the folder if the server sends a path with ..', async () => {
    const other = await recorder();
    other.answers = {
      'GET /admin/v1/keys/documents': {
        body: { items: [{ path: '../jwks', media_type: 'a', cache_control: 'b', body: '{}' }], next: null },
      },
    };
    const output = join(folder, 'inside', 'deep');
    const ended = await runCommand(['keys', 'export', '--output', output], {
      SOJOURN_ADMIN_URL: other.origin,
      SOJOURN_ADMIN_TOKEN: server.adminToken,
    });
    await other.close();
    expect(ended).toEqual({ code: 2, out: '', err: '../jwks is not the path of an issuer document.\n' });
    await expect(readFile(join(output, '../jwks'))).rejects.toThrow('ENOENT');
  }, 60_000);

  test("names a tenant whose keys are unusable, writes all other tenants' documents and exits with 1", async () => {
    const { id } = tenants[2]!;
    await server.stop();
    await chmod(join(server.folder, 'keys', `${id}.json`), 0o644);
    server = await testServer({ folder: server.folder, port: Number(new URL(server.issuer).port) });
    const output = join(folder, 'others');
    const { code, out, err } = await run('--output', output, '--json');
    expect({ code, err }).toEqual({
      code: 1,
      err: `The documents of ${id} are missing, because its keys are unusable.\n→ See the server's log.\n`,
    });
    const { files } = JSON.parse(out) as { files: { path: string }[] };
    expect(files.map(({ path }) => path)).toEqual(paths().filter((path) => !path.includes(id)));
    expect(await server.admin.get('/keys/documents')).toMatchObject({ omitted_tenants: [id], next: null });
  }, 60_000);
});
