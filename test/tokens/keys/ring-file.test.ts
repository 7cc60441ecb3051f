import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { calculateJwkThumbprint } from 'jose';
import type { KeyRecord, Ring } from '../../../src/tokens/keys/index.ts';
import { type KeysBench, keysBench } from './bench.ts';

let bench: KeysBench;
beforeEach(async () => {
  bench = await keysBench();
});
afterEach(() => bench.end());

type Raw = { -readonly [field in keyof Ring]: Ring[field] } & { format: number; keys: KeyRecord[] };

const file = () => join(bench.folder('keys'), 'ring.json');

/** Starts once, damages the local file, then starts again with the same store and with an empty one. */
async function refusals(damage: () => Promise<unknown>): Promise<unknown[]> {
  const keyring = await bench.replica({ algorithms: ['ES256'] });
  const before = keyring.list();
  await damage();
  const spoilt = await readFile(file()).catch(() => undefined);
  const shared = await bench.store.get('ring', 'shared');
  const found: unknown[] = [];
  for (const store of [bench.store, await bench.openStore('emptied')]) {
    found.push(await bench.replica({ store }).catch((error: unknown) => error));
    expect(await readFile(file()).catch(() => undefined)).toEqual(spoilt);
  }
  expect(await bench.store.get('ring', 'shared')).toEqual(shared);
  expect(bench.changes).toHaveLength(before.length);
  return found;
}

const rewrite = (change: (ring: Raw) => void) => async () => {
  const ring = JSON.parse(await bench.copy()) as Raw;
  change(ring);
  await writeFile(file(), JSON.stringify(ring));
};

const refusal = (why: string) => ({
  code: 'key_material_unusable',
  message: `${file()} cannot be used: ${why}.`,
  advice: 'Restore the file that the detail names from a backup. Sojourn created no new key.',
});

describe('the local ring file', () => {
  test('is named in the log before it is replaced, if one of its private keys differs from the store', async () => {
    const keyring = await bench.replica();
    const kid = keyring.active('ES256').kid;
    const before = await bench.copy();
    const damage = rewrite((ring) => {
      const key = ring.keys.find((one) => one.kid === kid)!;
      ring.keys[ring.keys.indexOf(key)] = { ...key, sealed: `${key.sealed!.slice(0, -4)}AAAA` };
    });
    await damage();
    await bench.replica();
    expect(await bench.copy()).toBe(before);
    const logLines = bench
      .logged()
      .split('\n')
      .filter((line) => line.includes('replacing it'))
      .map((line) => JSON.parse(line) as unknown);
    expect(logLines).toEqual([
      expect.objectContaining({ level: 'warn', file: file(), revision: 2, kids: [kid] }),
    ]);
  });

  test('is replaced without a log line if it is only older', async () => {
    const keyring = await bench.replica();
    const before = await bench.copy();
    await keyring.revoke(keyring.active('ES256').kid);
    await writeFile(file(), before);
    await bench.replica();
    expect(bench.logged()).not.toContain('replacing it');
  });

  test('is readable only by its owner, and equals the ring in the store', async () => {
    const keyring = await bench.replica();
    const stored = await bench.store.get('ring', 'shared');
    expect(JSON.parse(await bench.copy())).toEqual(stored!.value);
    expect((stored!.value as Raw).keys).toEqual(keyring.list());
    expect(await bench.filesIn('keys')).toEqual(['ring.json']);
  });

  test.each([
    [
      'has another mode',
      () => chmod(file(), 0o644),
      'has mode 0644: users other than its owner have access.',
    ],
    [
      'is a symbolic link',
      async () => {
        await rename(file(), bench.folder('moved'));
        await symlink(bench.folder('moved'), file());
      },
      'is a symbolic link, which is not allowed.',
    ],
    [
      'is a folder',
      async () => {
        await rename(file(), bench.folder('moved'));
        await mkdir(file());
      },
      'is not a regular file.',
    ],
  ])('stops a start that names it when it %s, and nothing is changed or created', async (_, damage, why) => {
    const message = `${file()} ${why}`;
    expect(await refusals(damage)).toEqual([
      expect.objectContaining({ code: 'key_material_unusable', message }),
      expect.objectContaining({ code: 'key_material_unusable', message }),
    ]);
  });

  test.each<[string, () => Promise<unknown>, string]>([
    ['is empty', () => writeFile(file(), ''), 'it is not valid JSON'],
    [
      'was cut short',
      async () => writeFile(file(), (await bench.copy()).slice(0, -100)),
      'it is not valid JSON',
    ],
    [
      'is no ring',
      () => writeFile(file(), '"x"'),
      'the ring: Invalid input: expected object, received string',
    ],
    ['is of another format', rewrite((ring) => (ring.format = 2)), 'format: Invalid input: expected 1'],
    [
      'holds no keys',
      rewrite((ring) => (ring.keys = [])),
      'keys: Too small: expected array to have >=1 items',
    ],
  ])('stops a start that names it when it %s, and nothing is changed or created', async (_, damage, why) => {
    expect(await refusals(damage)).toEqual([
      expect.objectContaining(refusal(why)),
      expect.objectContaining(refusal(why)),
    ]);
  });

  test('is refused if it contains a kid twice', async () => {
    let kid = '';
    const twice = rewrite((ring) => {
      kid = ring.keys[0]!.kid;
      ring.keys.push({ ...ring.keys[0]!, state: 'retired', sealed: null });
    });
    const [found] = await refusals(twice);
    expect(found).toMatchObject(refusal(`it contains the kid ${kid} twice`));
  });

  test('is refused if it has two active keys of one algorithm', async () => {
    const two = rewrite((ring) => {
      ring.keys[1] = { ...ring.keys[1]!, state: 'active' };
    });
    expect((await refusals(two))[0]).toMatchObject(
      refusal('it contains a key for ES256 in state active twice'),
    );
  });

  test('is refused if an active key has no private key', async () => {
    let kid = '';
    const bare = rewrite((ring) => {
      kid = ring.keys[0]!.kid;
      ring.keys[0] = { ...ring.keys[0]!, sealed: null };
    });
    expect((await refusals(bare))[0]).toMatchObject(
      refusal(`the key ${kid} is active and has no private key`),
    );
  });

  test('is refused if a kid is not the thumbprint of its key', async () => {
    const renamed = rewrite((ring) => {
      const key = ring.keys[0]!;
      ring.keys[0] = { ...key, kid: 'mine', jwk: { ...key.jwk, kid: 'mine' } };
    });
    expect((await refusals(renamed))[0]).toMatchObject(
      refusal('the kid mine is not the thumbprint of its key'),
    );
  });

  test('is refused for an RSA key under 2048 bits, even if the modulus is padded to look longer', async () => {
    for (const padding of ['', 'AAAA'.repeat(43)]) {
      const { n, e } = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({
        format: 'jwk',
      });
      const bare = { kty: 'RSA', n: padding + n!, e: e! } as const;
      const kid = await calculateJwkThumbprint(bare);
      const jwk = { ...bare, kid, use: 'sig', alg: 'RS256' } as const;
      const weak = rewrite((ring) => {
        ring.keys[1] = { ...ring.keys[1]!, kid, alg: 'RS256', state: 'retired', sealed: null, jwk };
      });
      const [found] = await refusals(weak);
      expect(found).toMatchObject(refusal(`the key ${kid} is an RSA key of 1024 bits, under 2048`));
      await bench.end();
      bench = await keysBench();
    }
  });

  test.each([
    ['1, with which anybody can sign', 'AQ'],
    ['3', 'Aw'],
    ['0', 'AA'],
  ])('is refused for an RSA key with the exponent %s', async (_, e) => {
    const { n } = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
    const bare = { kty: 'RSA', n: n!, e } as const;
    const kid = await calculateJwkThumbprint(bare);
    const jwk = { ...bare, kid, use: 'sig', alg: 'RS256' } as const;
    const weak = rewrite((ring) => {
      ring.keys[1] = { ...ring.keys[1]!, kid, alg: 'RS256', state: 'retired', sealed: null, jwk };
    });
    expect((await refusals(weak))[0]).toMatchObject(
      refusal(`the key ${kid} is an RSA key whose exponent is not 65537`),
    );
  });

  test('is refused for an EC key on another curve, even if it claims P-256', async () => {
    const { x, y } = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' });
    const bare = { kty: 'EC', crv: 'P-256', x: x!, y: y! } as const;
    const kid = await calculateJwkThumbprint(bare);
    const jwk = { ...bare, kid, use: 'sig', alg: 'ES256' } as const;
    const other = rewrite((ring) => {
      ring.keys[1] = { ...ring.keys[1]!, kid, jwk };
    });
    expect((await refusals(other))[0]).toMatchObject(refusal(`the key ${kid} is not a point on its curve`));
  });

  test('is refused for a point that is not on the curve', async () => {
    const bare = { kty: 'EC', crv: 'P-256', x: 'AQ', y: 'AQ' } as const;
    const kid = await calculateJwkThumbprint(bare);
    const jwk = { ...bare, kid, use: 'sig', alg: 'ES256' } as const;
    const off = rewrite((ring) => {
      ring.keys[1] = { ...ring.keys[1]!, kid, jwk };
    });
    expect((await refusals(off))[0]).toMatchObject(refusal(`the key ${kid} is not a point on its curve`));
  });

  test('is refused if the private keys of two keys are swapped', async () => {
    let kid = '';
    const swapped = rewrite((ring) => {
      const [a, b] = ring.keys as [KeyRecord, KeyRecord];
      kid = a.kid;
      ring.revision += 1;
      ring.keys = [
        { ...a, sealed: b.sealed },
        { ...b, sealed: a.sealed },
      ];
    });
    for (const found of await refusals(swapped)) {
      expect(found).toMatchObject({
        code: 'key_material_unusable',
        message: `The signing key ${kid} cannot be used: the encrypted key is not its private key.`,
      });
    }
  });

  test('is refused under another key-encryption key, even if a new key is due, and nothing is changed or created', async () => {
    const keyring = await bench.replica();
    const [{ kid }] = keyring.list() as [KeyRecord];
    const [copy, shared, made] = [
      await bench.copy(),
      await bench.store.get('ring', 'shared'),
      bench.changes.length,
    ];
    bench.clock.ms += 100 * 86_400_000;
    for (const folder of ['keys', 'elsewhere']) {
      await expect(bench.replica({ folder, encryptionKey: new Uint8Array(32) })).rejects.toMatchObject({
        code: 'key_material_unusable',
        message: `The signing key ${kid} cannot be used: another key-encryption key than the configured one encrypts it.`,
      });
    }
    expect(await bench.copy()).toBe(copy);
    expect(await bench.store.get('ring', 'shared')).toEqual(shared);
    expect(bench.changes).toHaveLength(made);
    await expect(bench.filesIn('elsewhere')).rejects.toMatchObject({ code: 'ENOENT' });
    expect(bench.logged()).not.toContain('sealed');
  });
});

test('an unusable ring in the store is refused, and both it and the local file stay unchanged', async () => {
  await bench.replica();
  const copy = await bench.copy();
  const stored = (await bench.store.get<Raw>('ring', 'shared'))!;
  await bench.store.replace('ring', 'shared', stored.version, { ...stored.value, keys: 'gone' });
  await expect(bench.replica()).rejects.toMatchObject({
    code: 'key_material_unusable',
    message:
      'The key ring shared in the store cannot be used: keys: Invalid input: expected array, received string.',
  });
  expect(await bench.copy()).toBe(copy);
});
