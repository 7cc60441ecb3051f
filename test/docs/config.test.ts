import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { loadConfig } from '../../src/server/config/index.ts';
import { fileOf } from '../server/config/arrange.ts';
import { blocks, documents, root } from './documents.ts';

const examples = [
  ...readdirSync(join(root, 'config')).map((name) => ({
    place: `config/${name}`,
    yaml: readFileSync(join(root, 'config', name), 'utf8'),
  })),
  ...documents.flatMap((file) => blocks(file, 'yaml').map((yaml) => ({ place: file, yaml }))),
];

test('there are examples of one server and of replicas', () => {
  expect(examples.map(({ place }) => place)).toEqual(
    expect.arrayContaining(['config/sojourn.yaml', 'config/replicas.yaml', 'docs/operations.md']),
  );
});

/** What examples name: the key that replicas share, the PIN of a token. */
const env = { KEY_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64url'), TOKEN_PIN: '1234' };

/** What stands in every file; an example that is about one section leaves it out. */
const around = 'issuer: https://id.example.com\ntrust_proxy: [10.0.0.0/8]\n';

test.each(examples)('the configuration in $place is taken', async ({ yaml }) => {
  const whole = /^issuer:/m.test(yaml) ? yaml : around + yaml;
  const { issuer } = await loadConfig({ file: fileOf(whole), env });
  expect(whole).toContain(`issuer: ${issuer}`);
});
