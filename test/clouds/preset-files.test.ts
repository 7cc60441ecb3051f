/** Faulty preset files: every fault is reported with its line, and no preset is made of the file. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { readPresets } from '../../src/clouds/index.ts';
import { cloudOfPreset } from '../../src/clouds/presets/index.ts';
import type { SojournError } from '../../src/platform/errors/index.ts';
import { parseConfig } from '../../src/server/config/load.ts';
import { blocks } from '../docs/documents.ts';
import { facts } from '../onboarding/setup/arrange.ts';

const acme = readFileSync(join(import.meta.dirname, '../tokens/exchange/acme.yaml'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'sojourn-preset-files-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'acme.yaml');

const faultsOf = (work: () => unknown): readonly string[] => {
  try {
    work();
  } catch (error) {
    const { code, faults } = error as SojournError;
    expect(code).toBe('config_invalid');
    return faults.map(({ path, message }) => `${path.replace(file, 'acme')} ${message}`);
  }
  return [];
};

/** The faults of the preset with some texts replaced. */
function faultsWith(...replaced: readonly (readonly [string, string])[]): readonly string[] {
  let text = acme;
  for (const [from, to] of replaced) {
    expect(text).toContain(from);
    text = text.replace(from, to);
  }
  writeFileSync(file, text);
  return faultsOf(() => readPresets(folder));
}

const inputs = "    pattern: '[a-z]+'\n";
const withInput = (name: string, lines: string): readonly [string, string] => [
  inputs,
  `${inputs}  ${name}:\n    label: More\n    example: more\n    pattern: '[a-z]+'\n    ${lines}\n`,
];

test('a preset without a fault is read', () => {
  expect(faultsWith()).toEqual([]);
});

test('the preset in the documents has no fault', () => {
  const [document = ''] = blocks('docs/presets.md', 'yml');
  writeFileSync(file, document);
  expect(faultsOf(() => readPresets(folder))).toEqual([]);
});

describe('a preset is refused', () => {
  test.each<[string, readonly (readonly [string, string])[], readonly string[]]>([
    [
      'with all faults at once',
      [
        ['version: 1', 'version: one'],
        ['algorithms: [ES256]', 'algorithms: [none]'],
        ['complete: false\n', ''],
        ['    label: Role', '    labels: Role'],
      ],
      [
        'acme:5 version: invalid input: expected number, received string',
        'acme complete: is missing',
        'acme:19 inputs.role.label: is missing',
        'acme:19 inputs.role.labels: is not known here',
        'acme:25 token.algorithms.0: must be RS256 or ES256',
      ],
    ],
    [
      'if defaults of inputs depend on each other in a loop',
      [withInput('first', "default: '{{second}}'"), withInput('second', "default: '{{lower first}}'")],
      ['acme:27 inputs.second.default: depends on itself', 'acme:32 inputs.first.default: depends on itself'],
    ],
    [
      'if a template reads an unknown input',
      [["role: '{{role}}'", "role: '{{roles}}'"]],
      ['acme:33 spend.0.parameters.role: {{roles}} reads roles, but may read only role, now, session'],
    ],
    [
      'if the address could contain the token',
      [['/v1/auth/sojourn/login', '/v1/auth/{{token}}/login']],
      ['acme:31 spend.0.url: {{token}} reads token, but may read only role, now, session'],
    ],
    [
      'if a set-up file could contain a credential',
      [['FOR {{subject}}', 'FOR {{access_token}}']],
      [
        'acme:56 setup.files.0.content: {{access_token}} reads access_token, but may read only role, issuer, subject, audience, connection, name, vendor',
      ],
    ],
    [
      'if text without quotes could contain a name',
      [
        ['language: sql', 'language: text'],
        ['  files:\n    - name: role.sql', "  values: { of: '{{vendor}}' }\n  files:\n    - name: role.sql"],
      ],
      [
        'acme:50 setup.values.of: {{vendor}} reads vendor, but may read only role, issuer, subject, audience, connection',
        'acme:57 setup.files.0.content: {{name}} reads name, but may read only role, issuer, subject, audience, connection, of',
      ],
    ],
    [
      'if a template has code',
      [["ACME_TOKEN: '{{token}}'", "ACME_TOKEN: '{{token.slice(1)}}{{eval token}}{{token'"]],
      [
        'acme:62 client.variables.ACME_TOKEN: {{token.slice(1)}} must be {{name}} or {{function name}}',
        'acme:62 client.variables.ACME_TOKEN: {{eval token}} calls eval, but the functions are host, path, base64url, urlencode, lower',
        'acme:62 client.variables.ACME_TOKEN: has {{ or }} that is not a placeholder',
      ],
    ],
    [
      'if a pattern is no regular expression',
      [["pattern: '[a-z]+'", "pattern: '(a'"]],
      ['acme:22 inputs.role.pattern: must be a regular expression'],
    ],
    [
      'if a pattern cannot be matched in linear time',
      [["pattern: '[a-z]+'", "pattern: '(?=a)[a-z]+'"]],
      ['acme:22 inputs.role.pattern: must not have (?=, (?!, (?<=, (?<! or flags'],
    ],
    [
      'if a file or variable of the client could replace another or run code',
      [
        [
          "    ACME_TOKEN: '{{token}}'",
          "    'A;touch x;B': x\n    LD_PRELOAD: x\n  files:\n    - { name: ../x, content: x }\n    - { name: env, content: x }\n  remove: [PATH, A B]",
        ],
      ],
      [
        'acme:62 client.variables.A;touch x;B: must be letters, digits and _ that do not begin with a digit',
        'acme:63 client.variables.LD_PRELOAD: must not be a variable that changes how programs load or run',
        'acme:65 client.files.0.name: must be a file name in lower case',
        'acme:66 client.files.1.name: must not be env, the file of the variables',
        'acme:67 client.remove.0: must not be a variable that changes how programs load or run',
        'acme:67 client.remove.1: must be letters, digits and _ that do not begin with a digit',
      ],
    ],
    [
      'if the address is outside its hosts',
      [['hosts: [vault.acme.example]', 'hosts: [acme.example]']],
      ['acme:31 spend.0.url: goes to vault.acme.example, which is not in hosts'],
    ],
    [
      'if a log-in or the end of its session is outside its hosts, or could contain the token',
      [
        [
          'client:\n',
          "probe:\n  kind: login\n  url: https://login.example/\n  parameters: { token: '{{token}}' }\n  token_parameter: jwt\n  success: ok\n  sign_out: { url: 'https://end.example/{{session_token}}', headers: { a: '{{session_token}}' }, session: token }\nclient:\n",
        ],
      ],
      [
        'acme:63 probe.parameters.token: {{token}} reads token, but may read only role',
        'acme:66 probe.sign_out.url: {{session_token}} reads session_token, but may read only role',
        'acme:62 probe.url: goes to login.example, which is not in hosts',
        'acme:66 probe.sign_out.url: goes to end.example, which is not in hosts',
      ],
    ],
    [
      'if the address is not https',
      [['url: https://vault', 'url: http://vault']],
      ['acme:31 spend.0.url: must begin with https:// or an input of type url'],
    ],
    [
      'if an input without a pattern begins the address',
      [['https://vault.acme.example/v1/auth/sojourn/login', "'{{role}}/v1'"]],
      ['acme:31 spend.0.url: must begin with https:// or an input of type url, which role is not'],
    ],
    [
      'if it sets a claim of Sojourn',
      [['  audience: https://acme.example', '  audience: https://acme.example\n  claims: { sub: admin }']],
      ['acme:28 token.claims.sub: is set by Sojourn'],
    ],
    [
      'if all tenants have one audience, and the service does not check the subject',
      [['  audience: https://acme.example', '  audience: https://acme.example\n  checks_subject: false']],
      [
        'acme:27 token.audience: must contain an input, and only required ones without a default that are not reported',
      ],
    ],
    [
      'if a report could choose the audience, and the service does not check the subject',
      [
        [inputs, `${inputs}    reported: true\n`],
        ['  audience: https://acme.example', "  audience: '{{role}}'\n  checks_subject: false"],
      ],
      [
        'acme:28 token.audience: must contain an input, and only required ones without a default that are not reported',
      ],
    ],
    [
      'if a pattern is not a regular expression',
      [["pattern: '[a-z]+'", "pattern: '[a-z'"]],
      ['acme:22 inputs.role.pattern: must be a regular expression'],
    ],
    [
      'if the lifetime of its keys is no input of seconds',
      [
        ['kind: login', 'kind: sts'],
        [
          '    token_parameter: jwt',
          '    token_parameter: jwt\n    lifetime: { input: role, min_seconds: 900 }',
        ],
        [
          'token: auth.client_token\n      expires_in: auth.lease_duration',
          'format: json\n      access_key_id: a\n      secret_access_key: b\n      session_token: c\n      expiration: d',
        ],
      ],
      ['acme:35 spend.0.lifetime.input: must be the name of an input of type seconds'],
    ],
    ['with an alias', [['id: acme', 'id: &id acme']], ['acme:2 anchors and aliases are not supported']],
    [
      'with the name of a built-in destination',
      [['id: acme', 'id: "Acme/x"']],
      ['acme:2 id: must be 2 to 31 lower-case letters, digits and hyphens'],
    ],
  ])('%s', (_, replaced, faults) => {
    expect(faultsWith(...replaced)).toEqual(faults);
  });
});

const onlySafe = 'that has only letters, digits, spaces and _ : / . @ ~ + = % ? [ ] -';
test.each<[string, string, string, string, string | { refused: string }]>([
  [
    'SQL, in whose dialects a backslash differs',
    'sql',
    '{{role}}',
    'a\\b',
    { refused: 'without a backslash' },
  ],
  ['SQL', 'sql', '{{role}}', "a'b", "'a''b'\n"],
  ['text without quotes', 'text', 'role = {{role}}', 'a$b', { refused: onlySafe }],
  ['text without quotes', 'text', 'role = {{role}}', 'a-b', 'role = a-b\n'],
  ['an expression inside a string', 'json', '{{of}}', 'a"b', { refused: onlySafe }],
  ['an expression inside a string', 'json', '{{of}}', 'a-b', '"role == \'a-b\'"\n'],
])('a file in %s (%s %s) has the value %s as data or is refused', (_, language, content, role, expected) => {
  faultsWith(
    ["'[a-z]+'", "'.+'"],
    ['language: sql', `language: ${language}`],
    ['CREATE ROLE {{role}} FOR {{subject}} OF {{issuer}} NAMED {{name}};', `"${content}"`],
    ...(content.includes('{{of}}')
      ? [['  files:\n', `  values: { of: "role == '{{role}}'" }\n  files:\n`] as const]
      : []),
  );
  const [preset] = readPresets(folder);
  const files = () => cloudOfPreset(preset!).setUp!.files({ role }, facts());
  if (typeof expected === 'string') expect(files()[0]?.content).toBe(expected);
  else
    expect(files).toThrow(
      `which cannot be written into the set-up files; choose a value ${expected.refused}`,
    );
});

describe('the folder of the operator', () => {
  const start = (presets: object) =>
    faultsOf(() =>
      parseConfig({ issuer: 'https://id.vendor.example', listen: { public: '127.0.0.1:8080' }, presets }),
    );

  test('stops the start with the faults of all files and keys', () => {
    faultsWith(['version: 1', 'version: 0']);
    writeFileSync(join(folder, 'vault.yaml'), acme.replace('id: acme', 'id: vault'));
    expect(
      start({ folder, endpoints: { acmee: 'https://gateway.example' } }).map((text) =>
        text.replaceAll(folder, ''),
      ),
    ).toEqual([
      'acme:5 version: too small: expected number to be >=1',
      '/vault.yaml id: vault is the id of another destination',
      'presets.endpoints.acmee there is no such preset',
    ]);
    rmSync(join(folder, 'vault.yaml'));
  });

  test('stops the start if it cannot be read', () => {
    expect(start({ folder: join(folder, 'none') }).map((text) => text.replaceAll(folder, ''))).toEqual([
      '/none cannot be read (ENOENT)',
    ]);
  });
});

test('a pipe, a device, a folder or a large file in the folder is a fault of that file, at once', () => {
  const own = mkdtempSync(join(tmpdir(), 'sojourn-preset-kinds-'));
  try {
    execFileSync('mkfifo', [join(own, 'a.yaml')]);
    symlinkSync('/dev/zero', join(own, 'b.yaml'));
    mkdirSync(join(own, 'c.yaml'));
    writeFileSync(join(own, 'd.yaml'), '#'.repeat(64 * 1024 + 1));
    expect(faultsOf(() => readPresets(own)).map((fault) => fault.replace(`${own}/`, ''))).toEqual([
      'a.yaml is not a regular file',
      'b.yaml is not a regular file',
      'c.yaml is a folder, not a file',
      'd.yaml is larger than 64 KB',
    ]);
  } finally {
    rmSync(own, { recursive: true });
  }
});
