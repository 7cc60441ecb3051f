import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type Recorder, recorder, runCommand } from './arrange.ts';

const token = 'admin-token-of-the-tests-0123456789';
let server: Recorder;

beforeAll(async () => {
  server = await recorder();
});
afterEach(() => {
  server.asked();
});
afterAll(() => server.close());

const env = () => ({ SOJOURN_ADMIN_URL: server.origin, SOJOURN_ADMIN_TOKEN: token });

describe('the command line reports', () => {
  test("the server's problem, as detail and advice on standard error, with exit code 1", async () => {
    server.answers = {
      'GET /admin/v1/tenants/ten_1': {
        status: 404,
        body: {
          code: 'tenant_not_found',
          detail: 'There is no such tenant.',
          advice: 'List the tenants with `sojourn tenant list`.',
        },
      },
    };
    expect(await runCommand(['tenant', 'show', 'ten_1'], env())).toEqual({
      code: 1,
      out: '',
      err: 'There is no such tenant.\n→ List the tenants with `sojourn tenant list`.\n',
    });
  });

  test('a wrong admin token, and where to set the right one', async () => {
    server.answers = {
      'GET /admin/v1/tenants': {
        status: 401,
        body: {
          code: 'unauthorized',
          detail: 'The bearer token is missing, invalid or expired.',
          advice:
            'Send `Authorization: Bearer TOKEN`; for /v1, request a token with resource=urn:sojourn:api.',
        },
      },
    };
    expect(await runCommand(['tenant', 'list'], env())).toEqual({
      code: 1,
      out: '',
      err: 'The server rejects this admin token.\n→ Set SOJOURN_ADMIN_TOKEN to the token that `sojourn init` showed, or with which this server was started.\n',
    });
  });

  test.each([
    [
      'duration_seconds=7200',
      'duration_seconds',
      'must be a whole number of seconds',
      '--set duration_seconds:=7200',
    ],
    ['scopes=["a"]', 'scopes', 'must be a list of scopes', '--set scopes:=["a"]'],
    ['duration_seconds=long', 'duration_seconds', 'must be a whole number of seconds', undefined],
    ['region=7200', 'duration_seconds', 'must be 900 seconds or more', undefined],
  ])(
    'the form for JSON after --set %s, if the value has another type than text',
    async (set, field, message, form) => {
      const refused = {
        code: 'invalid_request',
        detail: `target.${field}: ${message}`,
        advice: 'Correct the fields.',
      };
      server.answers = { 'PATCH /admin/v1/connections/con_1': { status: 400, body: refused } };
      const advice =
        form === undefined ? refused.advice : `Write ${form}: without the colon, the value is text.`;
      expect(await runCommand(['connection', 'update', 'con_1', '--set', set], env())).toEqual({
        code: 1,
        out: '',
        err: `${refused.detail}\n→ ${advice}\n`,
      });
    },
  );

  test.each([
    ['an HTML page', '<html>'],
    ['a JSON array', '[]'],
  ])('%s as an invalid response', async (_, body) => {
    server.answers = { 'GET /admin/v1/tenants': { body } };
    expect(await runCommand(['tenant', 'list'], env())).toEqual({
      code: 1,
      out: '',
      err: 'The response is not a JSON object.\n→ Check that the URL is the URL of a Sojourn server.\n',
    });
  });

  test('the URL of a server that does not answer', async () => {
    const gone = await recorder();
    await gone.close();
    expect(await runCommand(['keys', 'list', '--url', gone.origin], { SOJOURN_ADMIN_TOKEN: token })).toEqual({
      code: 1,
      out: '',
      err: `No server answers at ${gone.origin}.\n→ Start one with \`sojourn serve\`, or give the URL of another one with --url.\n`,
    });
  });

  test('all errors of a configuration, and does not start the server', async () => {
    const ended = await runCommand(['serve', '--config', '/nowhere.yaml'], { SOJOURN_ISUER: 'x' });
    expect(ended).toEqual({
      code: 1,
      out: '',
      err: '/nowhere.yaml: cannot be read (ENOENT)\n→ Correct every line that the detail names.\n',
    });
  });
});

describe('a usage error exits with 2 before any request:', () => {
  test.each([
    ['tenant', ''],
    ['tenant create', "error: required option '--name <text>' not specified\n(see --help)\n"],
    ['tenat list', "error: unknown command 'tenat'\n(Did you mean tenant?)\n(see --help)\n"],
    ['tenant list --jsn', "error: unknown option '--jsn'\n(Did you mean --json?)\n(see --help)\n"],
    ['tenant show', "error: missing required argument 'id'\n(see --help)\n"],
    ['connection update con_1', 'Nothing to change. Give at least one option.\n'],
    ['client secrets delete cli_1 ..', '".." is not an id.\n'],
    ['tenant delete .', '"." is not an id.\n'],
    ['connection update con_1 --set region', '--set must be name=text or name:=json.\n'],
    ['connection update con_1 --set a:={', '--set a is not valid JSON.\n'],
    ['connection update con_1 --target []', 'The target must be a JSON object.\n'],
    ['connection update con_1 --token-ttl 5m', '--token-ttl must be a whole number of seconds.\n'],
    ['client update cli_1 --enable --disable', '--disable cannot be combined with --enable.\n'],
    ['client create --name k --federated github --claim ref', '--claim must be name=value.\n'],
    [
      'client create --name k --subject s',
      '--issuer, --audience, --subject, --subject-glob, --claim and --claim-glob need --federated.\n',
    ],
    [
      'client create --name k --federated jwt --subject s --subject-glob s-*',
      '--subject cannot be combined with --subject-glob.\n',
    ],
    [
      'client create --name k --auth private_key_jwt',
      '--auth private_key_jwt needs --jwks-file or --jwks-uri.\n',
    ],
    [
      'client create --name k --jwks-uri https://a.example/jwks',
      '--jwks-file and --jwks-uri need --auth private_key_jwt or --federated.\n',
    ],
    [
      'client create --name k --tls-san-dns a.example --jwks-uri https://a.example/jwks',
      '--jwks-file and --jwks-uri cannot be combined with the --tls options.\n',
    ],
    [
      'client create --name k --tls-san-dns a.example --tls-san-ip 10.0.0.7',
      'Give --tls options of one type only.\n',
    ],
    [
      'client create --name k --tls-san-dns a.example --federated github',
      '--federated cannot be combined with the --tls options.\n',
    ],
    ['keys list --token-file /nowhere', '--token-file /nowhere cannot be read (ENOENT).\n'],
    [
      'keys list --url http://sojourn.example.com',
      '--url must begin with https:// (http only for loopback hosts)\n',
    ],
    ['serve', 'The configuration is missing. Give its file with --config.\n'],
    ['sandbox --listen 8090', '--listen must be HOST:PORT, for example 127.0.0.1:8080 or [::1]:8080.\n'],
  ])('sojourn %s', async (args, err) => {
    const ended = await runCommand(args.split(' '), env());
    expect(ended.code).toBe(2);
    expect(ended.out).toBe('');
    if (err !== '') expect(ended.err).toBe(err);
    expect(server.asked()).toEqual([]);
  });

  test('an empty id, as from an unset variable of a script', async () => {
    expect(await runCommand(['tenant', 'show', ''], env())).toEqual({
      code: 2,
      out: '',
      err: '"" is not an id.\n',
    });
  });

  test('no admin token', async () => {
    expect(await runCommand(['keys', 'list'])).toEqual({
      code: 2,
      out: '',
      err: 'The admin token is missing. Set SOJOURN_ADMIN_TOKEN, or give a file with --token-file.\n',
    });
  });

  test('no client or no issuer', async () => {
    const issuer = { SOJOURN_ISSUER: 'https://id.example.com' };
    for (const command of ['credentials con_1', 'exec con_1 -- true']) {
      expect(await runCommand(command.split(' '))).toEqual({
        code: 2,
        out: '',
        err: 'The issuer is not set.\n→ Set SOJOURN_ISSUER to the issuer of the server.\n',
      });
      expect(await runCommand(command.split(' '), issuer)).toEqual({
        code: 2,
        out: '',
        err: 'The client is not set.\n→ Set SOJOURN_CLIENT_ID and SOJOURN_CLIENT_SECRET, or name a file in SOJOURN_CLIENT_SECRET_FILE, SOJOURN_CLIENT_KEY_FILE or SOJOURN_WORKLOAD_TOKEN_FILE.\n',
      });
    }
  });

  test('a purpose for --format gcp, which it cannot narrow', async () => {
    expect(await runCommand('credentials con_1 --format gcp --purpose deploy'.split(' '))).toEqual({
      code: 2,
      out: '',
      err: '--purpose cannot be combined with --format gcp: a purpose does not narrow the cloud token that it prints.\n',
    });
  });

  test.each([['exec con_1'], ['exec con_1 --'], ['exec con_1 true']])(
    'sojourn %s without a program',
    async (command) => {
      expect(await runCommand(command.split(' '))).toEqual({
        code: 2,
        out: '',
        err: 'The program is missing. Put it after --: `sojourn exec con_01k0… -- aws s3 ls`.\n',
      });
    },
  );
});

describe('the help', () => {
  test.each([
    '',
    'tenant',
    'client secrets',
    'connection setup',
    'audit tail',
    'credentials',
    'exec',
    'serve',
  ])('is printed by sojourn %s --help', async (command) => {
    const args = [...command.split(' ').filter(Boolean), '--help'];
    const { code, out, err } = await runCommand(args);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(`Usage: ${['sojourn', command].join(' ').trim()}`);
  });

  test('of a command contains its examples', async () => {
    expect((await runCommand(['tenant', 'create', '--help'])).out).toContain(
      '\nExamples:\n  $ sojourn tenant create --name Acme\n',
    );
  });
});
