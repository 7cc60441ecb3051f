import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { loadConfig } from '../../src/server/config/index.ts';
import { fileOf } from '../server/config/arrange.ts';
import { blocks, documents, root } from './documents.ts';

const examples = [
  ...readdirSync(join(root, 'config')).map((name) => ({
    file: `config/${name}`,
    yaml: readFileSync(join(root, 'config', name), 'utf8'),
  })),
  ...documents.flatMap((file) => blocks(file, 'yaml').map((yaml) => ({ file, yaml }))),
];

test('the documents and config/ have configurations of one server and of replicas', () => {
  expect(examples.map(({ file }) => file)).toEqual(
    expect.arrayContaining(['config/sojourn.yaml', 'config/replicas.yaml', 'docs/operations.md']),
  );
});

/** The variables that the examples read: the key-encryption key of replicas, the PIN of a token. */
const env = { KEY_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64url'), TOKEN_PIN: '1234' };

/** Required keys, added to examples that show only one section. */
const requiredKeys = 'issuer: https://id.example.com\ntrust_proxy: [10.0.0.0/8]\n';

test.each(examples)('the server accepts the configuration in $file', async ({ yaml }) => {
  const complete = /^issuer:/m.test(yaml) ? yaml : requiredKeys + yaml;
  const { issuer } = await loadConfig({ file: fileOf(complete), env });
  expect(complete).toContain(`issuer: ${issuer}`);
});
