/** What a CSV file may be, and what of it is refused: all at once, with the lines. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { planImport } from '../../../src/tools/cli/import/plan.ts';
import {
  latestOf,
  linksIn,
  progressHeader,
  progressLine,
  readProgress,
} from '../../../src/tools/cli/import/progress.ts';
import { readRows } from '../../../src/tools/cli/import/rows.ts';

const read = (text: string | Uint8Array) =>
  readRows(typeof text === 'string' ? new TextEncoder().encode(text) : text);
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
])('a file with %s is read the same', (_, text) => {
  const { wanted, faults } = read(text);
  expect(faults).toEqual([]);
  expect(wanted.map(({ line: _line, ...rest }) => rest)).toEqual([
    { name: 'prod', tenant: 'Acme', target: {}, labels: { env: 'prod', team: 'a', 'aws-account': one } },
    { name: 'x, y', tenant: 'Beta', target: {}, labels: { 'aws-account': two } },
  ]);
});

test('the external id is passed over, and the role stays as it is', () => {
  const { wanted } = read(
    `external_id,role_arn,name,tenant,region\n"a ""secret""\nid",${role(one)},prod,Acme,eu-central-1\n`,
  );
  expect(wanted).toEqual([
    {
      line: 2,
      name: 'prod',
      tenant: 'Acme',
      target: { role_arn: role(one), region: 'eu-central-1' },
      labels: { 'aws-account': one },
    },
  ]);
});

test('every fault is told at once, with the line where its row begins', () => {
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
    'line 5, account_id: must be 12 digits; a spreadsheet may have dropped the zeros in front',
    'line 6, region: must be the name of a region, such as eu-central-1',
    'line 6, labels: must be name=value, with blanks between them',
    'line 6, role_arn: is missing, and so is account_id: give one of them',
    'line 7, labels: must be name=value, with blanks between them',
    'line 7, account_id: must be the account of role_arn',
    'line 7, role_arn: is the same as in line 2',
    'line 8: must have 7 cells, as the header, not 2',
    'line 8, role_arn: is missing, and so is account_id: give one of them',
  ]);
});

const known = 'name, tenant, role_arn, account_id, external_id, region, labels';
test.each<[string, string | Uint8Array, string[]]>([
  ['nothing', '', [`line 1: must be a header, with columns among ${known}`]],
  ['a header alone', 'name,tenant\n', ['file: has no line behind its header']],
  [
    'no header',
    `prod,Acme,${one}\n`,
    [
      'line 1: has no column name',
      'line 1: has no column tenant',
      `line 1: has a column "prod" that is not among ${known}`,
      `line 1: has a column "acme" that is not among ${known}`,
      `line 1: has a column "${one}" that is not among ${known}`,
    ],
  ],
  ['a column twice', 'name,tenant,name\n', ['line 1: has the column name twice']],
  ['an open quote', 'name,tenant\n"prod,Acme\nx,y\n', ['line 3: has a quote that is not closed']],
  [
    'a quote inside',
    'name,tenant\npr"od,Acme\n',
    ['line 2: has a quote in a cell: put the cell in quotes, and double those within'],
  ],
  [
    'UTF-16',
    new Uint8Array([0xff, 0xfe, 0x6e, 0]),
    ['file: must be UTF-8: save it as “CSV UTF-8 (comma delimited)”'],
  ],
  ['too many lines', `name,tenant\n${'a,b\n'.repeat(10_001)}`, ['file: must be 10000 lines at most']],
])('a file with %s is refused', (_, text, faults) => {
  expect(faultsOf(text)).toEqual(faults);
});

test('whatever the bytes are, they are read or refused', () => {
  const header = new TextEncoder().encode('name,tenant,account_id\n');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, withHeader) => {
      const { wanted, faults } = read(withHeader ? Uint8Array.from([...header, ...bytes]) : bytes);
      expect(wanted.length + faults.length).toBeGreaterThan(0);
    }),
    { numRuns: 300 },
  );
});

describe('against what is there', () => {
  const tenants = [
    { id: 'ten_1', name: 'Acme' },
    { id: 'ten_2', name: 'Twins' },
    { id: 'ten_3', name: 'Twins' },
  ];
  const there = (id: string, name: string, more: object = {}) => ({
    ...{ id, name, tenant: 'ten_1', cloud: 'aws', state: 'active', target: {} },
    ...more,
  });
  const plan = (lines: string, connections: ReturnType<typeof there>[] = []) =>
    planImport(read(`name,tenant,role_arn,account_id\n${lines}`).wanted, tenants, connections);

  test('a line is known by its name within its tenant, however the tenant is named', () => {
    const { planned, faults } = plan(`a,Acme,,${one}\nb,ten_1,,${one}\na,New,,${one}\n`, [
      there('con_1', 'a'),
      there('con_2', 'b', { target: { role_arn: role(one) } }),
    ]);
    expect(faults).toEqual([]);
    expect(planned.map(({ tenant, connection }) => [tenant?.id, connection?.id])).toEqual([
      ['ten_1', 'con_1'],
      ['ten_1', 'con_2'],
      [undefined, undefined],
    ]);
  });

  test('what cannot be meant is told at once', () => {
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
        there('con_4', 'd'),
        there('con_5', 'd'),
        there('con_6', 'e', { target: { role_arn: role(two) } }),
        there('con_7', 'f', { cloud: 'gcp' }),
        there('con_8', 'g', { target: { role_arn: role(two) } }),
      ],
    );
    expect(faults.map(({ path, message }) => `${path}: ${message}`)).toEqual([
      'line 3, name: is the same as in line 2, for the same tenant',
      'line 4, tenant: 2 tenants have this name: give the id of one',
      'line 5, tenant: there is no such tenant',
      'line 6, name: 2 connections of the tenant have this name',
      `line 7, role_arn: is not the one that con_6 has, ${role(two)}`,
      'line 8, name: con_7 has it, which is not to AWS',
      `line 9, account_id: is not the account of the role that con_8 has, ${role(two)}`,
    ]);
  });
});

describe('the list', () => {
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
  ])('holds %s so that a spreadsheet runs nothing', (name, cell) => {
    expect(progressLine(row({ name }))).toBe(
      `${cell},b,con_1,pending,https://id.example.com/connect/x,2026-12-01T00:00:00.000Z\n`,
    );
  });

  const list = (...rows: object[]) => progressHeader + rows.map((more) => progressLine(row(more))).join('');
  const reread = (text: string) => readProgress(new TextEncoder().encode(text));

  test('is read as it was written, with its links, the one that was told last for each connection', () => {
    const rows = [
      { name: '=x"\n' },
      { connection: 'con_2', invitation: '', tenant: '\t;,' },
      { invitation: 'https://id.example.com/connect/y', state: 'failing' },
    ];
    const read = reread(`${list(...rows)}half a li"ne`);
    expect(read).toEqual(rows.map(row));
    expect([...linksIn(read!)]).toEqual([['con_1', 'https://id.example.com/connect/y']]);
    expect(latestOf(read!)).toEqual([row(rows[2]!), row(rows[1]!)]);
  });

  test('is read with its columns in another order, and nothing else is one', () => {
    expect(reread('State;invitation;expires_at;NAME;tenant;connection\npending;;;a;b;con_1')).toEqual([
      row({ invitation: '', expires_at: '' }),
    ]);
    for (const text of ['\n', 'name,tenant\na,b\n', `x${list({})}`, list({}).replace('state', 'name')])
      expect(reread(text)).toBeUndefined();
  });

  test('is read or refused, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const read = readProgress(Buffer.concat([Buffer.from(list({})), bytes]));
        expect(read === undefined || read.length > 0).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
