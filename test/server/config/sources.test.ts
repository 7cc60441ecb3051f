import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SojournError } from '../../../src/platform/errors/index.ts';
import { configurationDocument } from '../../../src/server/config/document.ts';
import { loadConfig, parseConfig } from '../../../src/server/config/load.ts';
import { faultsOf, faultsOfFile, fileOf, least } from './arrange.ts';

describe('the environment', () => {
  test('overrides the file for keys of every type', () => {
    const env = {
      SOJOURN_ISSUER: 'https://other.example.com',
      SOJOURN_LISTEN_PUBLIC: '[::1]:9',
      SOJOURN_TRUST_PROXY: '10.0.0.0/8, 192.168.0.0/16',
      SOJOURN_KEYS_ALGORITHMS: 'ES256',
      SOJOURN_KEYS_ALLOW_SHORT_TIMES: 'true',
      SOJOURN_CLOUDS_AWS_STS_ENDPOINT: 'null',
      SOJOURN_TOKENS_TTL: '',
    };
    const config = parseConfig(
      { ...least, tokens: { ttl: '10m' }, clouds: { aws: { sts_endpoint: 'https://sts.example.com' } } },
      env,
    );
    expect(config).toMatchObject({
      issuer: 'https://other.example.com',
      listen: { public: { host: '::1', port: 9 } },
      trust_proxy: ['10.0.0.0/8', '192.168.0.0/16'],
      keys: { algorithms: ['ES256'], allow_short_times: true },
      clouds: { aws: { sts_endpoint: null } },
      tokens: { ttl: 600 },
    });
  });

  test('is named in the fault of an invalid value', () => {
    expect(faultsOf(least, { SOJOURN_KEYS_ALLOW_SHORT_TIMES: 'yes' })).toEqual([
      {
        path: 'keys.allow_short_times',
        message: 'must be true or false (SOJOURN_KEYS_ALLOW_SHORT_TIMES)',
      },
    ]);
  });

  test('is checked for unknown variables, with a suggestion', () => {
    expect(
      faultsOf(least, { SOJOURN_LISTEN_PUBLC: '127.0.0.1:1', SOJOURN_NONSENSE: '1', OTHER: '1' }),
    ).toEqual([
      { path: 'SOJOURN_LISTEN_PUBLC', message: 'is unknown; did you mean SOJOURN_LISTEN_PUBLIC?' },
      { path: 'SOJOURN_NONSENSE', message: 'is unknown' },
    ]);
  });

  test('may contain variables of the command line and of Kubernetes services', () => {
    const env = {
      SOJOURN_ADMIN_URL: 'http://127.0.0.1:8081',
      SOJOURN_CONFIG: 'x',
      SOJOURN_SERVICE_HOST: '10.0.0.1',
      SOJOURN_SERVICE_PORT_HTTP: '80',
      SOJOURN_PORT: 'tcp://10.0.0.1:80',
      SOJOURN_PORT_8080_TCP_ADDR: '10.0.0.1',
      SOJOURN_ADMIN_PORT_8081_TCP: 'tcp://10.0.0.1:8081',
    };
    expect(parseConfig(least, env)).toEqual(parseConfig(least));
  });
});

describe('the file', () => {
  test('is rejected with all faults together, each with its line', async () => {
    const yaml = [
      'issuer: http://id.example.com',
      'lisen: {}',
      'publish_lead: 24h',
      'listen:',
      '  public: 8080',
      '  admim: 127.0.0.1:1',
      'keys:',
      '  algorithms: [RS256, none]',
      '  retain: 1h',
      'audit: loud',
    ].join('\n');
    expect(await faultsOfFile(yaml, { SOJOURN_TOKENS_TTL: '1s' })).toEqual([
      { path: 'lisen', message: 'is unknown; did you mean listen? (sojourn.yaml:2)' },
      {
        path: 'publish_lead',
        message: 'is unknown; did you mean keys.publish_lead? (sojourn.yaml:3)',
      },
      { path: 'issuer', message: 'must begin with https:// (http only for loopback hosts) (sojourn.yaml:1)' },
      { path: 'listen.admim', message: 'is unknown; did you mean admin? (sojourn.yaml:6)' },
      { path: 'listen.public', message: 'must be text (sojourn.yaml:5)' },
      { path: 'keys.algorithms.1', message: 'must be RS256 or ES256 (sojourn.yaml:8)' },
      { path: 'tokens.ttl', message: 'must be from 60s to 3600s (SOJOURN_TOKENS_TTL)' },
      { path: 'audit', message: 'must be a section with keys (sojourn.yaml:10)' },
      {
        path: 'keys.retain',
        message: 'must be at least 25h, because clouds cache keys for a day (sojourn.yaml:9)',
      },
    ]);
  });

  test('may have a section whose keys are all commented out', async () => {
    const file = fileOf('issuer: http://127.0.0.1\nlisten: { public: "127.0.0.1:0" }\nkeys:\n  # path: x\n');
    expect((await loadConfig({ file, env: {} })).keys.path).toBe('./keys');
  });

  test.each([
    ['a key given twice', 'issuer: a\nissuer: b', 'sojourn.yaml:2', 'the key is repeated'],
    ['an alias', 'issuer: &a x\nvendor: *a', 'sojourn.yaml:1', 'anchors and aliases are not supported'],
    ['a second document', 'issuer: a\n---\nissuer: b', 'sojourn.yaml:2', 'must be a single YAML document'],
    ['a tag', 'issuer: !!js/function x', 'sojourn.yaml:1', 'tags are not supported'],
    ['an open quote', 'vendor: "a', 'sojourn.yaml:1', 'is not valid YAML (MISSING_CHAR)'],
    ['too many bytes', `issuer: ${'a'.repeat(65_536)}`, 'sojourn.yaml', 'is larger than 64 KB'],
    ['bytes that are no text', Uint8Array.of(0xff, 0xfe, 0), 'sojourn.yaml', 'is not a YAML text file'],
  ])('is rejected for %s', async (_, content, path, message) => {
    expect(await faultsOfFile(content)).toContainEqual({ path, message });
  });

  test('is named if it does not exist', async () => {
    const refusal = await loadConfig({ file: '/nowhere/sojourn.yaml', env: {} }).catch(
      (error) => error.faults,
    );
    expect(refusal).toEqual([{ path: '/nowhere/sojourn.yaml', message: 'cannot be read (ENOENT)' }]);
  });

  test.each([
    [
      'an alias bomb',
      `a: &a [x,x,x,x,x,x,x,x]\n${'bcdefghi'.replace(/./g, (c, i) => `${c}: &${c} [${`*${'abcdefghi'[i]},`.repeat(8)}]\n`)}`,
    ],
    ['brackets without end', '['.repeat(60_000)],
    ['maps without end', '{a: '.repeat(16_000)],
    ['block lists without end', '- '.repeat(30_000)],
    ['NUL', 'issuer: "a\0b"\0'],
    ['a NUL escape', 'issuer: "\\0"\nstore: "sqlite:\\0"\nkeys: { path: "\\0" }'],
    ['the prototype as a key', '__proto__: { issuer: x }\nconstructor: 1\ntoString: 2'],
    ['a list', '- issuer'],
    ['a number', '42'],
    ['nothing', ''],
    ['maps as keys', '? { a: b }\n: c'],
    ['binary', 'issuer: !!binary aGk='],
    ['merge keys', '<<: { issuer: https://id.example.com }'],
  ])('is rejected quickly for %s', async (_, content) => {
    const begun = performance.now();
    expect((await faultsOfFile(content)).length).toBeGreaterThan(0);
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(Object.prototype).not.toHaveProperty('issuer');
  });

  test('is never quoted in errors, because it may contain a password', async () => {
    const secret = 'hunter2-hunter2';
    for (const yaml of [
      `store: postgres://u:${secret}@h`,
      `store: [redis://u:${secret}@h`,
      `store: "${secret}`,
    ]) {
      expect(JSON.stringify(await faultsOfFile(yaml))).not.toContain(secret);
    }
  });

  test('is accepted or rejected as a configuration for any content', () => {
    fc.assert(
      fc.property(
        fc.anything({ withNullPrototype: true }),
        fc.constantFrom('issuer', 'listen', 'keys'),
        (value, name) => {
          for (const raw of [value, { ...least, [name]: value }]) {
            try {
              parseConfig(raw);
            } catch (error) {
              expect(error).toBeInstanceOf(SojournError);
              expect((error as SojournError).code).toBe('config_invalid');
            }
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

test('docs/configuration.md has every key and its variable', () => {
  const document = configurationDocument();
  expect(document).toContain('| `issuer`<br>`SOJOURN_ISSUER` | **required** |');
  expect(document).toContain(
    '| `clouds.gcp.iam_credentials_endpoint`<br>`SOJOURN_CLOUDS_GCP_IAM_CREDENTIALS_ENDPOINT` |',
  );
});
