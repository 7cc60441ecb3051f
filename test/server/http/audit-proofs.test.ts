/** Checkpoints, tiles and proofs of a running server, checked by a second implementation. */
import { createHash, createPublicKey } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Answers, openApi } from '../../../src/server/http/admin/index.ts';
import { openNote } from '../../platform/audit/log-check.ts';
import { leaf, mth, rootOfPath, rootsOfProof, sha256 } from '../../platform/merkle/specification.ts';
import { askToken, oneConnection, type TestServer, testServer, withSecret } from '../../support/server.ts';
import { type Ask, asking, moment, plain, problem } from './ask.ts';

let server: TestServer;
let ask: Ask;
let key: Record<string, unknown>;

beforeAll(async () => {
  server = await testServer();
  ask = asking(server);
  const { client, connection } = await oneConnection(server);
  for (let i = 0; i < 300; i += 30)
    await Promise.all(
      Array.from({ length: 30 }, () => askToken(server.issuer, withSecret(client, connection))),
    );
  key = await publishedKey(server);
  await allSealed();
}, 60_000);
afterAll(() => server.close());

const get = async <T>(path: string): Promise<T> => {
  const { status, body } = await ask(`GET ${path}`);
  expect(status).toBe(200);
  return body as T;
};
const bytes = (text: string) => Buffer.from(text, 'base64');
const base64 = (hash: Uint8Array | undefined) => hash && Buffer.from(hash).toString('base64');

/** The public key in the published text. */
async function publishedKey({ issuer }: TestServer): Promise<Record<string, unknown>> {
  const response = await fetch(`${issuer}/audit/key`);
  // Base64 may have a + too.
  const [, id, encoded = ''] = /^[^+]+\+([^+]+)\+(.+)\n$/.exec(await response.text()) ?? [];
  const [type, ...der] = Buffer.from(encoded, 'base64');
  expect([type, createHash('sha256').update(Buffer.from(der)).digest('hex').slice(0, 8)]).toEqual([2, id]);
  return {
    ...createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' }).export({ format: 'jwk' }),
  };
}

const newest = async () => (await get<Answers['AuditPage']>('/audit?limit=1')).items[0]!.id;

/** The checkpoint that covers every line. */
async function allSealed() {
  const size = await newest();
  for (let tries = 0; tries < 50; tries++) {
    const answer = await ask('GET /audit/checkpoint');
    const { checkpoint } = answer.body as Answers['AuditCheckpoint'];
    if (answer.status === 200) {
      const note = openNote(checkpoint, key);
      if (note.size >= size) return note;
    }
    await sleep(50);
  }
  throw new Error('it was not sealed within 2.5 s');
}

const inclusionOf = (query: string) => get<Answers['AuditInclusion']>(`/audit/proofs/inclusion?${query}`);
const consistencyOf = (query: string) =>
  get<Answers['AuditConsistency']>(`/audit/proofs/consistency?${query}`);

/** The leaf hashes of all lines, from tiles. */
async function leavesOf(size: number): Promise<Buffer[]> {
  const leaves: Buffer[] = [];
  for (let index = 0; leaves.length < size; index++) {
    const width = Math.min(256, size - leaves.length);
    const path = `0/${String(index).padStart(3, '0')}${width < 256 ? `.p/${width}` : ''}`;
    const response = await fetch(`${server.adminOrigin}/admin/v1/audit/tile/${path}`, {
      headers: { authorization: `Bearer ${server.adminToken}` },
    });
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      'application/octet-stream',
    ]);
    const hashes = Buffer.from(await response.arrayBuffer());
    expect(hashes).toHaveLength(width * 32);
    for (let at = 0; at < hashes.length; at += 32) leaves.push(hashes.subarray(at, at + 32));
  }
  return leaves;
}

describe('the published key', () => {
  test('is one line of text, the same bytes for everyone, without credentials', async () => {
    const response = await fetch(`${server.issuer}/audit/key`);
    const {
      date: _date,
      connection: _connection,
      'keep-alive': _alive,
      ...headers
    } = Object.fromEntries(response.headers);
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(text).toMatch(/^127\.0\.0\.1:\d+\/audit\+[0-9a-f]{8}\+[A-Za-z0-9+/]+=*\n$/);
    expect(headers).toEqual({
      'access-control-allow-origin': '*',
      'cache-control': 'public, max-age=300, stale-if-error=86400',
      'content-length': String(text.length),
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'content-type': 'text/plain; charset=utf-8',
      etag: `"${createHash('sha256').update(text).digest('base64url')}"`,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
    const again = await fetch(`${server.issuer}/audit/key?x=1`, {
      headers: { 'if-none-match': headers.etag! },
    });
    expect(again.status).toBe(304);
  });

  test('is not a signing key of the issuer', async () => {
    const { keys } = (await (await fetch(`${server.issuer}/jwks`)).json()) as { keys: { x?: string }[] };
    expect(keys.map(({ x }) => x)).not.toContain(key.x);
  });
});

describe('the checkpoint', () => {
  test('covers every line within a second, and its root is that of the leaves in the tiles', async () => {
    const note = await allSealed();
    expect(note).toEqual({
      origin: `${new URL(server.issuer).host}/audit`,
      size: await newest(),
      root: base64(mth(await leavesOf(note.size))),
      epoch: 0,
      marks: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/),
    });
    expect(note.size).toBeGreaterThan(300);
    expect(await plain(ask('GET /audit/checkpoint'))).toEqual({
      status: 200,
      body: { checkpoint: expect.stringContaining('\n\n— '), sealed_at: moment },
    });
  });
});

describe('an inclusion proof', () => {
  test('of the first, a middle and the last line verifies against the checkpoint', async () => {
    const note = await allSealed();
    for (const id of [1, 256, 257, note.size]) {
      const answer = await inclusionOf(`id=${id}`);
      const hash = leaf(sha256(bytes(answer.salt!), Buffer.from(answer.line!)));
      expect(answer).toEqual({
        ...{ id, index: id - 1, size: note.size, leaf_hash: base64(hash) },
        line: expect.any(String),
        salt: expect.any(String),
        proof: expect.any(Array),
        checkpoint: expect.stringContaining(note.root),
      });
      expect(base64(rootOfPath(id - 1, note.size, hash, answer.proof.map(bytes)))).toBe(note.root);
    }
  });

  test('has the line that the audit API shows', async () => {
    const [line] = (await get<Answers['AuditPage']>('/audit?event=token.issued&limit=1')).items;
    const { id, occurred_at, ...entry } = line!;
    expect(JSON.parse((await inclusionOf(`id=${id}`)).line!)).toEqual({ at: Date.parse(occurred_at), entry });
  });

  test('of an earlier size verifies against the root of that tree', async () => {
    const leaves = await leavesOf((await allSealed()).size);
    const { leaf_hash, proof, ...rest } = await inclusionOf('id=7&size=100');
    expect(rest).toMatchObject({ id: 7, index: 6, size: 100, checkpoint: null });
    expect(base64(rootOfPath(6, 100, bytes(leaf_hash), proof.map(bytes)))).toBe(
      base64(mth(leaves.slice(0, 100))),
    );
  });
});

describe('a consistency proof', () => {
  test('verifies against the roots of both trees', async () => {
    const note = await allSealed();
    const leaves = await leavesOf(note.size);
    for (const [from, to] of [
      [1, note.size],
      [100, note.size],
      [256, 300],
    ] as const) {
      const answer = await consistencyOf(to === note.size ? `from=${from}` : `from=${from}&to=${to}`);
      expect(answer).toEqual({
        ...{ from, to, proof: expect.any(Array) },
        checkpoint: to === note.size ? expect.stringContaining(note.root) : null,
      });
      const fromRoot = mth(leaves.slice(0, from));
      expect(rootsOfProof(from, to, fromRoot, answer.proof.map(bytes))?.map(base64)).toEqual(
        [fromRoot, mth(leaves.slice(0, to))].map(base64),
      );
    }
    expect(await consistencyOf(`from=${note.size}`)).toMatchObject({ to: note.size, proof: [] });
  });
});

describe('a request for what the log does not have', () => {
  test.each([
    ['proofs/inclusion', 'id: is missing'],
    ['proofs/inclusion?id=0', 'id: must be 1 or more'],
    ['proofs/inclusion?id=x', 'id: must be a whole number'],
    ['proofs/inclusion?id=5&size=4', 'size: must be at least `id`'],
    ['proofs/consistency?to=5', 'from: is missing'],
    ['proofs/consistency?from=5&to=4', 'to: must be at least `from`'],
    ['proofs/inclusion?id=1e3', 'id: must be a whole number'],
    ['proofs/inclusion?id=99999999999999999', 'id: must be a whole number'],
  ])('GET /audit/%s is invalid', async (path, detail) => {
    expect(await plain(ask(`GET /audit/${path}`))).toEqual(problem(400, 'invalid_request', detail));
  });

  test('is answered 404 for lines after the checkpoint', async () => {
    const { size } = await allSealed();
    for (const [path, line] of [
      [`inclusion?id=${size + 1}`, size + 1],
      [`inclusion?id=1&size=${size + 2}`, size + 2],
      [`consistency?from=${size + 1}`, size + 1],
      [`consistency?from=1&to=${size + 2}`, size + 2],
    ] as const)
      expect(await plain(ask(`GET /audit/proofs/${path}`))).toEqual(
        problem(
          404,
          'audit_not_sealed',
          `The audit log is not sealed up to line ${line}: the last checkpoint covers ${size} lines.`,
        ),
      );
  });

  test.each([
    '0/0',
    '0/900',
    '64/000',
    '0/001.p/255',
    '0/001.p/0',
    '1/000',
    '0/000/',
    'entries/000',
    '..%2f0',
  ])('GET /audit/tile/%s is answered 404', async (path) => {
    expect(await plain(ask(`GET /audit/tile/${path}`))).toEqual(
      problem(404, 'not_found', 'The audit log has no such tile.'),
    );
  });

  test('is refused without the admin token, as every other', async () => {
    for (const path of ['checkpoint', 'proofs/inclusion?id=1', 'proofs/consistency?from=1', 'tile/0/000'])
      expect((await ask(`GET /audit/${path}`, { headers: { authorization: undefined } })).status).toBe(401);
  });
});

test('the documented answers are those of the API', () => {
  const { schemas } = openApi.components as { schemas: Record<string, { properties: object }> };
  expect(Object.keys(schemas.AuditInclusion!.properties)).toEqual([
    ...['id', 'index', 'size', 'line', 'salt', 'leaf_hash', 'proof', 'checkpoint'],
  ]);
});

describe('a restart', () => {
  test('continues the log with the same key, and restores the key from the local file', async () => {
    const first = await testServer();
    const keyBefore = await publishedKey(first);
    await first.admin.post('/tenants', { name: 'Early' });
    await first.stop();
    await rm(`${first.folder}/keys/journal.json`);
    const second = await testServer({ folder: first.folder, port: Number(new URL(first.issuer).port) });
    try {
      expect(await publishedKey(second)).toEqual(keyBefore);
      await second.admin.post('/tenants', { name: 'Acme' });
      const [line] = ((await asking(second)('GET /audit?limit=1')).body as Answers['AuditPage']).items;
      const sealed = async () => {
        const { body } = await asking(second)('GET /audit/checkpoint');
        return openNote((body as Answers['AuditCheckpoint']).checkpoint, keyBefore).size;
      };
      for (let tries = 0; tries < 50 && (await sealed()) < line!.id; tries++) await sleep(100);
      expect(await sealed()).toBe(line!.id);
    } finally {
      await second.close();
    }
  }, 30_000);
});
