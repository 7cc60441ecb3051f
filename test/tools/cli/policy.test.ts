import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { clouds } from '../../../src/clouds/index.ts';
import { run as runHere } from '../../../src/tools/cli/program.ts';
import { type CommandResult, type Recorder, recorder } from './arrange.ts';

const folder = mkdtempSync(join(tmpdir(), 'sojourn-policy-'));
const token = 'admin-token-of-the-tests-0123456789';
let server: Recorder;

beforeAll(async () => {
  server = await recorder();
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

/** Runs in this process: the tests check only output and exit code, and a child process takes most of a second. */
async function runCommand(args: readonly string[], env: Record<string, string> = {}): Promise<CommandResult> {
  const output = { out: '', err: '' };
  const code = await runHere(args, {
    out: (text) => {
      output.out += text;
    },
    err: (text) => {
      output.err += text;
    },
    stdout: process.stdout,
    env,
  });
  return { code, ...output };
}

function inFile(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const policy = `
guards:
  - name: prod-from-main
    match: { labels: { env: prod } }
    require: { claims: { ref: refs/heads/main }, purposes: [deploy] }
  - name: office-hours
    match: { cloud: gcp }
    require: { hours: { from: "08:00", to: "18:00", days: [mon, tue], time_zone: Europe/Berlin } }
    mode: audit
clients:
  ci: { method: federated, may_use: [{ labels: { env: prod } }] }
  service: { may_use: [{ cloud: gcp, purposes: [read] }] }
connections:
  acme-prod: { cloud: aws, labels: { env: prod }, purposes: [deploy, read] }
  acme-data: { cloud: gcp, purposes: [read] }
`;

describe('sojourn policy test', () => {
  const passing = `${policy}tests:
  - { name: main may deploy, client: ci, connection: acme-prod, claims: { ref: refs/heads/main }, at: 2026-11-23T12:00:00Z, expect: allow, reason: rule 0 }
  - { client: ci, connection: acme-prod, claims: { ref: refs/heads/x }, at: 2026-11-23T12:00:00Z, expect: deny, reason: guard prod-from-main }
  - { client: ci, connection: acme-prod, purpose: null, claims: { ref: refs/heads/main }, at: 2026-11-23T12:00:00Z, expect: deny, reason: guard_refused }
  - { client: service, connection: acme-data, at: 2026-11-29T12:00:00Z, expect: allow }
  - { client: service, connection: acme-prod, at: 2026-11-29T12:00:00Z, expect: deny, reason: no_rule_matched }
`;

  test('prints the tests in aligned lines and exits with 0 if all pass', async () => {
    expect(await runCommand(['policy', 'test', inFile('passing.yaml', passing)])).toEqual({
      code: 0,
      err: '',
      out: `RESULT  TEST             EXPECTED                    DECIDED                     UNMET CONDITIONS
passed  main may deploy  allow: rule 0               allow: rule 0               -
passed  2                deny: guard prod-from-main  deny: guard prod-from-main  claims.ref
passed  3                deny: guard_refused         deny: guard prod-from-main  purposes
passed  4                allow                       allow: rule 0               -
passed  5                deny: no_rule_matched       deny: no_rule_matched       -

5 passed.
`,
    });
  });

  test('exits with 1 if the verdict or the reason of a test differs, also with --json', async () => {
    const failing = inFile(
      'failing.json',
      JSON.stringify({
        clients: { a: { may_use: [{ cloud: 'aws' }] } },
        connections: { c: { cloud: 'aws' } },
        tests: [
          { client: 'a', connection: 'c', expect: 'deny' },
          { client: 'a', connection: 'c', expect: 'allow', reason: 'rule 1' },
          { client: 'a', connection: 'c', expect: 'allow', reason: 'rule_matched' },
        ],
      }),
    );
    const { code, out, err } = await runCommand(['policy', 'test', failing, '--json']);
    expect({ code, err }).toEqual({ code: 1, err: '' });
    const decision = {
      allowed: true,
      reason: 'rule_matched',
      rule: { cloud: 'aws', index: 0 },
      guard: null,
      unmet_conditions: [],
      purpose: null,
      purposes: [],
      audit_violations: [],
    };
    const decided = 'allow: rule 0';
    expect(JSON.parse(out)).toEqual({
      passed: false,
      tests: [
        { passed: false, name: '1', expected: 'deny', decided, decision },
        { passed: false, name: '2', expected: 'allow: rule 1', decided, decision },
        { passed: true, name: '3', expected: 'allow: rule_matched', decided, decision },
      ],
    });
    expect(await runCommand(['policy', 'test', failing])).toEqual({
      code: 1,
      err: '',
      out: `RESULT  TEST  EXPECTED             DECIDED        UNMET CONDITIONS
FAILED  1     deny                 allow: rule 0  -
FAILED  2     allow: rule 1        allow: rule 0  -
passed  3     allow: rule_matched  allow: rule 0  -

2 of 3 failed.
`,
    });
  });

  test('reports all errors of the file at once, each with its line', async () => {
    const faulty = inFile(
      'faulty.yaml',
      `guards:
  - name: A
    match: { env: prod }
    require: {}
clients:
  ci: { methods: federated }
connections:
  c: { cloud: ibm }
tests:
  - { client: ci, connection: c, expect: maybe }
`,
    );
    expect(await runCommand(['policy', 'test', faulty])).toEqual({
      code: 1,
      out: '',
      err: `${faulty}:2 guards.0.name: must be a name of lower-case letters, digits and hyphens
${faulty}:3 guards.0.match.env: is not known here
${faulty}:4 guards.0.require: must contain claims, methods, hours or purposes
${faulty}:6 clients.ci.methods: is not known here
${faulty}:8 connections.c.cloud: must be one of ${Object.keys(clouds).join(', ')}
${faulty}:10 tests.0.expect: must be allow or deny
→ Correct every line that the detail names.
`,
    });
  });

  test('rejects unknown names, claims of a client with a secret, and a missing time', async () => {
    const vague = inFile(
      'vague.yaml',
      `${policy}tests:
  - { client: nobody, connection: __proto__, expect: deny }
  - { client: service, connection: acme-data, claims: { ref: x }, at: 2026-11-23T12:00:00Z, expect: deny }
`,
    );
    expect(await runCommand(['policy', 'test', vague])).toEqual({
      code: 1,
      out: '',
      err: `${vague}:17 tests.0.client: is not a client of this file
${vague}:17 tests.0.connection: is not a connection of this file
${vague}:17 tests.0.at: is missing: a rule or a guard in this file depends on hours
${vague}:18 tests.1.claims: must be empty: the client authenticates with client_secret
→ Correct every line that the detail names.
`,
    });
  });

  test('fails for a file without tests and for a missing file', async () => {
    const file = inFile('no-tests.yaml', policy);
    expect(await runCommand(['policy', 'test', file])).toEqual({
      code: 2,
      out: '',
      err: 'The file has no tests.\n',
    });
    const { code, err } = await runCommand(['policy', 'test', join(folder, 'nowhere.yaml')]);
    expect([code, err]).toEqual([
      1,
      `${join(folder, 'nowhere.yaml')}: cannot be read (ENOENT)\n→ Correct every line that the detail names.\n`,
    ]);
  });
});

describe('sojourn policy apply and show', () => {
  const run = async (args: readonly string[]) => {
    const ended = await runCommand(args, { SOJOURN_ADMIN_URL: server.origin, SOJOURN_ADMIN_TOKEN: token });
    const asked = server.asked().map(({ method, url, body }) => ({ request: `${method} ${url}`, body }));
    return { ...ended, asked };
  };
  const guard = { name: 'main', match: {}, require: { claims: { ref: 'main' } } };
  const kept = { ...guard, mode: 'enforce' };

  test('replace the version that the file names', async () => {
    server.answers = {
      'PUT /admin/v1/policy': {
        body: { version: 8, guards: [kept], updated_at: '2026-11-23T12:00:00.000Z' },
      },
    };
    const file = inFile('named.json', JSON.stringify({ version: 7, guards: [guard], clients: { a: {} } }));
    expect(await run(['policy', 'apply', file])).toEqual({
      code: 0,
      err: '',
      out: 'Applied version 8 with 1 guard.\n',
      asked: [{ request: 'PUT /admin/v1/policy', body: { version: 7, guards: [kept] } }],
    });
  });

  test('replace the current version if the file names none', async () => {
    server.answers = {
      'GET /admin/v1/policy': { body: { version: 3, guards: [], updated_at: null } },
      'PUT /admin/v1/policy': { body: { version: 4, guards: [], updated_at: null } },
    };
    expect(await run(['policy', 'apply', inFile('empty.yaml', 'guards: []\n'), '--json'])).toEqual({
      code: 0,
      err: '',
      out: `${JSON.stringify({ version: 4, guards: [], updated_at: null }, null, 2)}\n`,
      asked: [
        { request: 'GET /admin/v1/policy', body: undefined },
        { request: 'PUT /admin/v1/policy', body: { version: 3, guards: [] } },
      ],
    });
  });

  test('send no request for an invalid file', async () => {
    const ended = await run(['policy', 'apply', inFile('wrong.yaml', 'guards: [{}]\n')]);
    expect([ended.code, ended.asked]).toEqual([1, []]);
  });

  test('print a policy that can be applied again', async () => {
    server.answers = { 'GET /admin/v1/policy': { body: { version: 8, guards: [kept], updated_at: null } } };
    const { out } = await run(['policy', 'show']);
    expect(out).toBe(`version: 8
guards:
  - name: main
    match: {}
    require:
      claims:
        ref: main
    mode: enforce
`);
    server.answers = { 'PUT /admin/v1/policy': { body: { version: 9, guards: [kept], updated_at: null } } };
    expect((await run(['policy', 'apply', inFile('shown.yaml', out)])).asked).toEqual([
      { request: 'PUT /admin/v1/policy', body: { version: 8, guards: [kept] } },
    ]);
  });

  test('read the members that sojourn policy schema lists', async () => {
    const { code, out } = await runCommand(['policy', 'schema']);
    const schema = JSON.parse(out) as { properties: object; additionalProperties: boolean };
    expect([code, Object.keys(schema.properties), schema.additionalProperties]).toEqual([
      0,
      ['version', 'guards', 'clients', 'connections', 'tests'],
      false,
    ]);
  });
});

describe('sojourn can', () => {
  const explain = async (answer: object) => {
    server.answers = {
      'GET /admin/v1/clients/cli_1/access/con_1': {
        body: {
          guard: null,
          unmet_conditions: [],
          purpose: null,
          purposes: [],
          audit_violations: [],
          approval: null,
          rule: null,
          ...answer,
        },
      },
    };
    const args = ['can', 'cli_1', 'con_1', '--purpose', 'deploy', '--claim', 'ref=a=b', '--at', 'x'];
    const { code, out } = await runCommand(args, {
      SOJOURN_ADMIN_URL: server.origin,
      SOJOURN_ADMIN_TOKEN: token,
    });
    const url = new URL(server.asked()[0]?.url ?? '', server.origin);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      purpose: 'deploy',
      claims: '{"ref":"a=b"}',
      at: 'x',
    });
    return { code, out };
  };
  const rule = { cloud: 'aws', index: 2 };
  const waiting = { allowed: false, reason: 'approval_required', rule };
  const approval = (state: string, expires_at: string | null) => ({ approval: 'apr_1', state, expires_at });

  test.each([
    [
      { allowed: true, reason: 'rule_matched', rule, purpose: 'deploy', audit_violations: ['a', 'b'] },
      0,
      'yes: rule 2 (cloud=aws), only for deploy\nguards in audit mode that would refuse: a, b\n',
    ],
    ...(
      [
        [null, 'issuing is suspended for the whole server'],
        ['ten_1', 'issuing is suspended for the tenant ten_1'],
      ] as const
    ).map(([tenant, text]): [object, number, string] => [
      {
        allowed: true,
        reason: 'rule_matched',
        rule,
        suspension: { tenant, since: '2027-01-31T12:00:00.000Z', reason: 'leak' },
      },
      1,
      `yes: rule 2 (cloud=aws)\nbut ${text} since 2027-01-31T12:00:00.000Z: leak\n`,
    ]),
    [
      {
        allowed: false,
        reason: 'client_disabled',
        rule,
        suspension: { tenant: null, since: '2027-01-31T12:00:00.000Z', reason: 'leak' },
      },
      1,
      'no: the client is disabled\nand issuing is suspended for the whole server since 2027-01-31T12:00:00.000Z: leak\n',
    ],
    [
      {
        allowed: false,
        reason: 'guard_refused',
        rule,
        guard: 'strict',
        unmet_conditions: ['hours', 'methods'],
      },
      1,
      'no: guard strict refuses; these conditions are not met: hours, methods\n',
    ],
    [
      { allowed: false, reason: 'condition_unmet', rule, unmet_conditions: ['claims.ref'] },
      1,
      'no: rule 2 matches, but these conditions are not met: claims.ref\n',
    ],
    [
      { allowed: false, reason: 'purpose_not_allowed', rule, unmet_conditions: ['purposes'] },
      1,
      'no: rule 2 matches, but does not allow this purpose\n',
    ],
    [
      { allowed: false, reason: 'purpose_required', rule, purposes: ['deploy', 'read'] },
      1,
      'no: a purpose is required: deploy, read\n',
    ],
    [
      {
        allowed: true,
        reason: 'rule_matched',
        rule,
        approval: approval('granted', '2027-01-31T12:00:00.000Z'),
      },
      0,
      'yes: rule 2 (cloud=aws), granted until 2027-01-31T12:00:00.000Z\n',
    ],
    [
      { ...waiting, approval: { approval: null, state: 'not_requested', expires_at: null } },
      1,
      'no: the connection requires an approval, and the client has not requested one\n',
    ],
    [
      { ...waiting, approval: approval('pending', null) },
      1,
      'no: the connection requires an approval, and the request apr_1 is pending\n',
    ],
    [
      { ...waiting, approval: approval('denied', '2027-01-31T12:00:00.000Z') },
      1,
      'no: the connection requires an approval, and the request apr_1 is denied until 2027-01-31T12:00:00.000Z\n',
    ],
    [
      { ...waiting, approval: approval('expired', '2027-01-31T12:00:00.000Z') },
      1,
      'no: the connection requires an approval, and the request apr_1 is expired since 2027-01-31T12:00:00.000Z\n',
    ],
  ])('explains the decision %j and exits with %d', async (answer, code, out) => {
    expect(await explain(answer)).toEqual({ code, out });
  });
});

test('sojourn credentials requests the purpose that is given', async () => {
  server.answers = {
    'POST /token': { body: { access_token: 'for-v1', token_type: 'Bearer', expires_in: 300 } },
    'GET /v1/connections/con_1/credentials': { body: { connection: 'con_1', purpose: 'read&x' } },
  };
  const ended = await runCommand(['credentials', 'con_1', '--purpose', 'read&x'], {
    SOJOURN_ISSUER: server.origin,
    SOJOURN_CLIENT_ID: 'cli_1',
    SOJOURN_CLIENT_SECRET: 's',
  });
  expect(ended).toEqual({ code: 0, err: '', out: '{"connection":"con_1","purpose":"read&x"}\n' });
  expect(server.asked().map(({ method, url }) => `${method} ${url}`)).toEqual([
    'POST /token',
    'GET /v1/connections/con_1/credentials?format=json&purpose=read%26x',
  ]);
});
