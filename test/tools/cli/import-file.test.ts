/** The CSV files that an import accepts, and the errors for the others: all at once, with line numbers. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { importedCloud } from '../../../src/tools/cli/import/cloud.ts';
import { planImport } from '../../../src/tools/cli/import/plan.ts';
import {
  latestOf,
  linksIn,
  progressHeader,
  progressLine,
  readProgress,
} from '../../../src/tools/cli/import/progress.ts';
import { readRows } from '../../../src/tools/cli/import/rows.ts';

const read = (text: string | Uint8Array, cloud = 'aws') =>
  readRows(typeof text === 'string' ? new TextEncoder().encode(text) : text, importedCloud(cloud)!);
const faultsOf = (text: string | Uint8Array) =>
  read(text).faults.map(({ path, message }) => `${path}: ${message}`);
const role = (account: string, name = 'vendor') => `arn:aws:iam::${account}:role/${name}`;
const [one, two] = ['111122223333', '444455556666'];

test.each([
  ['commas and LF', `name,tenant,account_id,labels\nprod,Acme,${one},env=prod team=a\n"x, y",Beta,${two},\n`],
  [
    'CRLF, a BOM and no last line break',
    `\ufeffname,tenant,account_id,labels\r\nprod,Acme,${one},env=prod team=a\r\n"x, y",Beta,${two},`,
  ],
  ['semicolons', `Name;Tenant;Account_ID;Labels\nprod;Acme;${one};env=prod team=a\nx, y;Beta;${two};\n`],
  [
    'tabs, blanks and empty lines',
    `name\ttenant\taccount_id\tlabels\n\n prod \tAcme\t${one}\tenv=prod  team=a\n\t\t\t\nx, y\tBeta\t${two}\t\n`,
  ],
])('the import reads the same rows from a file with %s', (_, text) => {
  const { rows, faults } = read(text);
  expect(faults).toEqual([]);
  expect(rows.map(({ line: _line, ...rest }) => rest)).toEqual([
    { name: 'prod', tenant: 'Acme', target: {}, labels: { env: 'prod', team: 'a', 'aws-account': one } },
    { name: 'x, y', tenant: 'Beta', target: {}, labels: { 'aws-account': two } },
  ]);
});

test('the import ignores the external id and takes the role as it is', () => {
  const { rows } = read(
    `external_id,role_arn,name,tenant,region\n"a ""secret""\nid",${role(one)},prod,Acme,eu-central-1\n`,
  );
  expect(rows).toEqual([
    {
      line: 2,
      name: 'prod',
      tenant: 'Acme',
      target: { role_arn: role(one), region: 'eu-central-1' },
      labels: { 'aws-account': one },
    },
  ]);
});

test('the columns for a preset are its inputs, and a list has spaces between its items', () => {
  const header = 'name,tenant,server,groups,certificate_authority,labels';
  const { rows, faults } = read(
    `${header}\nprod,Acme,https://k8s.acme.example:6443,deployers readers,,env=prod\n`,
    'kubernetes',
  );
  expect([rows, faults]).toEqual([
    [
      {
        line: 2,
        name: 'prod',
        tenant: 'Acme',
        target: { server: 'https://k8s.acme.example:6443', groups: ['deployers', 'readers'] },
        labels: { env: 'prod' },
      },
    ],
    [],
  ]);
  const { rows: stores } = read(
    'name,tenant,endpoint,duration_seconds\na,Acme,https://s3.example,900\n',
    's3-sts',
  );
  expect(stores[0]?.target).toEqual({ endpoint: 'https://s3.example', duration_seconds: 900 });
  expect(
    [
      read(`${header}\nprod,Acme,http://k8s.acme.example,a b,x,env=prod\n`, 'kubernetes'),
      read('name,tenant,server,role_arn\na,Acme,https://k,b\n', 'kubernetes'),
      read('name,tenant,claims\na,Acme,{}\n', 'oidc'),
    ].map(({ faults: all }) => all.map(({ path, message }) => `${path}: ${message}`)),
  ).toEqual([
    [
      'line 2, server: must begin with https:// (http only for loopback hosts)',
      'line 2, certificate_authority: must be a certificate in PEM, or the same in base64',
    ],
    [
      'line 1: has an unknown column "role_arn"; known columns are name, tenant, server, audience, groups, user_prefix, certificate_authority, labels',
    ],
    [
      'line 1: has an unknown column "claims"; known columns are name, tenant, audience, token_endpoint, resource, scope, client_id, labels',
    ],
  ]);
});

test('a row with another value than its connection to a service is an error', () => {
  const cloud = importedCloud('kubernetes')!;
  const { rows } = read('name,tenant,server\nprod,Acme,https://new.example\n', 'kubernetes');
  const existing = {
    id: 'con_1',
    name: 'prod',
    tenant: 'ten_1',
    cloud: 'kubernetes',
    state: 'active',
    target: { server: 'https://old.example' },
  };
  expect(planImport(cloud, rows, [{ id: 'ten_1', name: 'Acme' }], [existing]).faults).toEqual([
    { path: 'line 2, server', message: 'differs from that of con_1' },
  ]);
});

test('the import reports all errors of a file at once, each with the first line of its row', () => {
  expect(
    faultsOf(
      [
        'name,tenant,role_arn,account_id,region,labels,external_id',
        `,Acme,${role(one)},,,,"two`,
        'lines"',
        'b,,arn:aws:iam::1:role/x,,,,',
        'c,Acme,,12345678901,,,',
        'd,Acme,,,mars-1,prod,',
        `e,Acme,${role(one)},${two},,env=two words,`,
        'f,Acme',
      ].join('\n'),
    ),
  ).toEqual([
    'line 2, name: must not be empty',
    'line 4, tenant: must not be empty',
    'line 4, role_arn: must be the ARN of a role, arn:PARTITION:iam::ACCOUNT:role/NAME, in aws, aws-cn, aws-us-gov or aws-eusc',
    'line 5, account_id: must be 12 digits; a spreadsheet may have removed leading zeros',
    'line 6, region: must be the name of a region, such as eu-central-1',
    'line 6, labels: must be name=value pairs, separated by spaces',
    'line 6, role_arn: is missing, as is account_id; give one of them',
    'line 7, labels: must be name=value pairs, separated by spaces',
    'line 7, account_id: must be the account of role_arn',
    'line 7, role_arn: is the same as in line 2',
    'line 8: must have 7 cells like the header, but has 2',
    'line 8, role_arn: is missing, as is account_id; give one of them',
  ]);
});

const known = 'name, tenant, role_arn, account_id, external_id, region, labels';
test.each<[string, string | Uint8Array, string[]]>([
  ['no content', '', [`line 1: must be a header with some of the columns ${known}`]],
  ['only a header', 'name,tenant\n', ['file: must have rows below its header']],
  [
    'no header',
    `prod,Acme,${one}\n`,
    [
      'line 1: must have a column name',
      'line 1: must have a column tenant',
      `line 1: has an unknown column "prod"; known columns are ${known}`,
      `line 1: has an unknown column "acme"; known columns are ${known}`,
      `line 1: has an unknown column "${one}"; known columns are ${known}`,
    ],
  ],
  ['a duplicate column', 'name,tenant,name\n', ['line 1: has the column name twice']],
  ['an unclosed quote', 'name,tenant\n"prod,Acme\nx,y\n', ['line 3: has an unclosed quote']],
  [
    'a quote inside a cell',
    'name,tenant\npr"od,Acme\n',
    ['line 2: has a quote inside a cell: enclose the cell in quotes and double the quotes inside it'],
  ],
  [
    'UTF-16',
    new Uint8Array([0xff, 0xfe, 0x6e, 0]),
    ['file: must be UTF-8: save it as “CSV UTF-8 (comma delimited)”'],
  ],
  ['too many rows', `name,tenant\n${'a,b\n'.repeat(10_001)}`, ['file: must have at most 10000 rows']],
])('the import rejects a file with %s', (_, text, faults) => {
  expect(faultsOf(text)).toEqual(faults);
});

test('the import reads or rejects arbitrary bytes without throwing', () => {
  const header = new TextEncoder().encode('name,tenant,account_id\n');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, withHeader) => {
      const { rows, faults } = read(withHeader ? Uint8Array.from([...header, ...bytes]) : bytes);
      expect(rows.length + faults.length).toBeGreaterThan(0);
    }),
    { numRuns: 300 },
  );
});

describe('with existing tenants and connections, the import', () => {
  const tenants = [
    { id: 'ten_1', name: 'Acme' },
    { id: 'ten_2', name: 'Twins' },
    { id: 'ten_3', name: 'Twins' },
  ];
  const existing = (id: string, name: string, more: object = {}) => ({
    ...{ id, name, tenant: 'ten_1', cloud: 'aws', state: 'active', target: {} },
    ...more,
  });
  const plan = (lines: string, connections: ReturnType<typeof existing>[] = []) =>
    planImport(
      importedCloud('aws')!,
      read(`name,tenant,role_arn,account_id\n${lines}`).rows,
      tenants,
      connections,
    );

  test('identifies a connection by its name within its tenant, which is given by id or by name', () => {
    const { rows, faults } = plan(`a,Acme,,${one}\nb,ten_1,,${one}\na,New,,${one}\n`, [
      existing('con_1', 'a'),
      existing('con_2', 'b', { target: { role_arn: role(one) } }),
    ]);
    expect(faults).toEqual([]);
    expect(rows.map(({ tenant, connection }) => [tenant?.id, connection?.id])).toEqual([
      ['ten_1', 'con_1'],
      ['ten_1', 'con_2'],
      [undefined, undefined],
    ]);
  });

  test('reports all conflicts with them at once', () => {
    const { faults } = plan(
      [
        `a,Acme,,${one}`,
        `a,ten_1,,${one}`,
        `b,Twins,,${one}`,
        `c,ten_9,,${one}`,
        `d,Acme,,${one}`,
        `e,Acme,${role(one)},`,
        `f,Acme,,${one}`,
        `g,Acme,,${one}`,
      ].join('\n'),
      [
        existing('con_4', 'd'),
        existing('con_5', 'd'),
        existing('con_6', 'e', { target: { role_arn: role(two) } }),
        existing('con_7', 'f', { cloud: 'gcp' }),
        existing('con_8', 'g', { target: { role_arn: role(two) } }),
      ],
    );
    expect(faults.map(({ path, message }) => `${path}: ${message}`)).toEqual([
      'line 3, name: is the same as in line 2, for the same tenant',
      'line 4, tenant: must be an id, because 2 tenants have this name',
      'line 5, tenant: does not exist',
      'line 6, name: is ambiguous: 2 connections of the tenant have it',
      `line 7, role_arn: differs from the role of con_6, ${role(two)}`,
      'line 8, name: belongs to con_7, which is not a connection to AWS',
      `line 9, account_id: differs from the account of con_8, whose role is ${role(two)}`,
    ]);
  });
});

describe('the progress list', () => {
  const row = (more: object) => ({
    ...{ name: 'a', tenant: 'b', connection: 'con_1', state: 'pending' },
    ...{ invitation: 'https://id.example.com/connect/x', expires_at: '2026-12-01T00:00:00.000Z' },
    ...more,
  });

  test.each([
    ['=1+1', `"'=1+1"`],
    ['+1', `"'+1"`],
    ['-1', `"'-1"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    ['a "b", c', '"a ""b"", c"'],
    ['a;b', '"a;b"'],
    ['Ünïcode 日本', 'Ünïcode 日本'],
  ])('writes %s so that a spreadsheet does not evaluate it', (name, cell) => {
    expect(progressLine(row({ name }))).toBe(
      `${cell},b,con_1,pending,https://id.example.com/connect/x,2026-12-01T00:00:00.000Z\n`,
    );
  });

  const list = (...rows: object[]) => progressHeader + rows.map((more) => progressLine(row(more))).join('');
  const reread = (text: string) => readProgress(new TextEncoder().encode(text));

  test('is read back as it was written, with the latest link of each connection', () => {
    const rows = [
      { name: '=x"\n' },
      { connection: 'con_2', invitation: '', tenant: '\t;,' },
      { invitation: 'https://id.example.com/connect/y', state: 'failing' },
    ];
    const result = reread(`${list(...rows)}half a li"ne`);
    expect(result).toEqual(rows.map(row));
    expect([...linksIn(result!)]).toEqual([['con_1', 'https://id.example.com/connect/y']]);
    expect(latestOf(result!)).toEqual([row(rows[2]!), row(rows[1]!)]);
  });

  test('may have its columns in another order, but no others', () => {
    expect(reread('State;invitation;expires_at;NAME;tenant;connection\npending;;;a;b;con_1')).toEqual([
      row({ invitation: '', expires_at: '' }),
    ]);
    for (const text of ['\n', 'name,tenant\na,b\n', `x${list({})}`, list({}).replace('state', 'name')])
      expect(reread(text)).toBeUndefined();
  });

  test('is read or rejected without throwing if arbitrary bytes follow it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const rows = readProgress(Buffer.concat([Buffer.from(list({})), bytes]));
        expect(rows === undefined || rows.length > 0).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
