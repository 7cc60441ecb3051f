import { describe, expect, test } from '@jest/globals';
import { type AgentConfig, loadAgentConfig } from '../../../src/server/config/index.ts';
import { parseConfig } from '../../../src/server/config/load.ts';
import { fileOf, least } from './arrange.ts';

const con = (letter: string) => `con_01kb000000000000000000000${letter}`;
const whole = {
  issuer: 'https://id.example.com',
  sign_in: { workload_token_file: '/var/run/secrets/sojourn/token' },
  directory: '/run/sojourn-agent',
  connections: [{ id: con('a'), aws: {} }],
};

const load = (raw: unknown, env: Record<string, string> = {}): Promise<AgentConfig> =>
  loadAgentConfig({ file: raw === undefined ? undefined : fileOf(JSON.stringify(raw), 'agent.yaml'), env });

/** The faults for which it is refused, without the place of the file. */
async function faultsOf(raw: unknown, env: Record<string, string> = {}): Promise<string[]> {
  const refusal = await load(raw, env).then(
    () => ({ faults: [] }),
    (error: { faults: { path: string; message: string }[] }) => error,
  );
  return refusal.faults.map(
    ({ path, message }) => `${path}: ${message.replace(/ \([^ ]*agent\.yaml:\d+\)$/, '')}`,
  );
}

test('the agent configuration gets a default for every optional key', async () => {
  expect(await load(whole)).toEqual({
    issuer: 'https://id.example.com',
    sign_in: {
      client_id: null,
      client_secret_file: null,
      private_key_file: null,
      workload_token_file: '/var/run/secrets/sojourn/token',
    },
    listen: { host: '127.0.0.1', port: 9180 },
    directory: '/run/sojourn-agent',
    connections: [{ id: con('a'), aws: {} }],
  });
});

test('variables of the agent work without a file, and override the file', async () => {
  const env = {
    SOJOURN_AGENT_ISSUER: 'https://other.example.com',
    SOJOURN_AGENT_SIGN_IN_CLIENT_ID: 'cli_1',
    SOJOURN_AGENT_SIGN_IN_CLIENT_SECRET_FILE: '/run/secret',
    SOJOURN_AGENT_LISTEN: '[::1]:9000',
    SOJOURN_AGENT_DIRECTORY: '/run/agent',
    SOJOURN_AGENT_CONNECTIONS: JSON.stringify([{ id: con('b'), azure: { token_file: 'acme' } }]),
  };
  const expected = {
    issuer: 'https://other.example.com',
    sign_in: {
      client_id: 'cli_1',
      client_secret_file: '/run/secret',
      private_key_file: null,
      workload_token_file: null,
    },
    listen: { host: '::1', port: 9000 },
    directory: '/run/agent',
    connections: [{ id: con('b'), azure: { token_file: 'acme' } }],
  };
  expect(await load(undefined, env)).toEqual(expected);
  expect(await load({ ...whole, sign_in: {} }, env)).toEqual(expected);
});

/** More than what one process reads beside everything else. */
const many = (broken = '') =>
  [
    ...Object.entries(whole)
      .filter(([name]) => name !== 'connections')
      .map(([name, value]) => `${name}: ${JSON.stringify(value)}`),
    'connections:',
    ...Array.from(
      { length: 2_000 },
      (_, at) => `  - { id: con_01kb${String(at).padStart(22, '0')}, aws: {} }`,
    ),
    broken,
  ].join('\n');

describe('a large agent file', () => {
  test('is read like a small one', async () => {
    const { connections } = await loadAgentConfig({ file: fileOf(many(), 'agent.yaml'), env: {} });
    expect(connections.length).toBe(2_000);
    expect(connections.at(-1)).toEqual({ id: 'con_01kb0000000000000000001999', aws: {} });
  });

  test.each([
    ['  - { id: nobody }', /agent\.yaml:2005/],
    ['  - [', /agent\.yaml:200\d/],
  ])('is refused with the wrong line: %s', async (broken, where) => {
    const refusal = await loadAgentConfig({ file: fileOf(many(broken), 'agent.yaml'), env: {} }).catch(
      (error: unknown) => error,
    );
    expect(refusal).toMatchObject({ code: 'config_invalid' });
    expect(JSON.stringify(refusal, ['faults', 'path', 'message'])).toMatch(where);
  });
});

describe('the agent configuration', () => {
  test('reports all faults together, each with its location', async () => {
    const file = fileOf(
      `issuer: https://ID.example.com/
sign_in: { client_secret_file: /run/secret }
listen: 0.0.0.0:9180
directory: /run/sojourn-agent
colour: blue
connections:
  - id: con_1
    aws: { token_file: ../../etc/passwd }
  - { id: ${con('a')}, azure: { token_file: authorization, audience: x } }
  - { id: ${con('b')} }
`,
      'agent.yaml',
    );
    const env = { SOJOURN_AGENT_DIRECTRY: '/run' };
    const error = await loadAgentConfig({ file, env }).catch((refusal: unknown) => refusal);
    const told = (error as { faults: { path: string; message: string }[] }).faults.map(
      ({ path, message }) => `${path}: ${message.replace(file, 'agent.yaml')}`,
    );
    expect(told).toEqual([
      'colour: is unknown (agent.yaml:5)',
      'issuer: must be in lower case (agent.yaml:1)',
      'issuer: must not end with a slash (agent.yaml:1)',
      'listen: must be a loopback address such as 127.0.0.1:9180, because the endpoint serves credentials of your customers’ clouds (agent.yaml:3)',
      'connections.0.id: must be the id of a connection (agent.yaml:7)',
      'connections.0.aws.token_file: must be a plain file name in `directory`, with no slash (agent.yaml:8)',
      'connections.1.azure.token_file: must not be the name of one of the agent’s own files (authorization, endpoint) (agent.yaml:9)',
      'connections.1.azure: has an unknown key: audience (agent.yaml:9)',
      'connections.2: must have exactly one of aws, azure, gcp and service (agent.yaml:10)',
      'sign_in.client_id: is required with a client secret or a private key',
      'SOJOURN_AGENT_DIRECTRY: is unknown; did you mean SOJOURN_AGENT_DIRECTORY?',
    ]);
  });

  test.each(['0.0.0.0:9180', '[::]:9180', '10.0.0.1:9180', 'agent.example.com:9180', '169.254.170.2:80'])(
    'refuses to listen on %s, which is not loopback',
    async (listen) => {
      expect(await faultsOf({ ...whole, listen })).toEqual([
        'listen: must be a loopback address such as 127.0.0.1:9180, because the endpoint serves credentials of your customers’ clouds',
      ]);
    },
  );

  test.each(['127.0.0.1:0', '127.8.8.8:9180', 'localhost:9180', '[::1]:9180'])(
    'accepts to listen on %s',
    async (listen) => {
      expect(await faultsOf({ ...whole, listen })).toEqual([]);
    },
  );

  test.each([
    ['none', {}],
    ['two', { client_id: 'cli_1', client_secret_file: '/a', private_key_file: '/b' }],
  ])('refuses %s sign-in methods', async (_, sign_in) => {
    expect(await faultsOf({ ...whole, sign_in })).toEqual([
      'sign_in: must have exactly one of client_secret_file, private_key_file and workload_token_file',
    ]);
  });

  test('refuses no connections, a repeated connection, and one file for two connections', async () => {
    expect(await faultsOf({ ...whole, connections: [] })).toEqual([
      'connections: must have at least one connection',
    ]);
    const twice = [
      { id: con('a'), gcp: { token_file: 'acme' } },
      { id: con('a'), gcp: { credentials_file: 'acme' } },
    ];
    expect(await faultsOf({ ...whole, connections: twice })).toEqual([
      'connections: must not list a connection twice',
      'connections: must not use a file name twice',
    ]);
  });

  test.each([
    [{ aws: { token_file: 'acme' } }],
    [{ aws: { container_endpoint: true, token_file: 'acme' } }],
    [{ aws: { container_endpoint: false } }],
    [{ azure: {} }],
    [{ azure: { cache_credentials: true, token_file: 'acme' } }],
    [{ gcp: { cache_credentials: true, credentials_file: 'acme.json' } }],
  ])('refuses a purpose for a connection with a token file: %j', async (kept) => {
    const connections = [{ id: con('a'), purpose: 'read', ...kept }];
    expect(await faultsOf({ ...whole, connections })).toEqual([
      'connections.0: must serve credentials only, because its purpose does not narrow tokens',
    ]);
  });

  test.each([
    [{ aws: {} }],
    [{ azure: { cache_credentials: true } }],
    [{ gcp: { cache_credentials: true } }],
  ])('accepts a purpose for credentials only: %j', async (kept) => {
    expect(await faultsOf({ ...whole, connections: [{ id: con('a'), purpose: 'read', ...kept }] })).toEqual(
      [],
    );
  });

  test.each(['authorization', 'endpoint'])(
    'refuses a token file named %s, which the agent writes itself',
    async (name) => {
      expect(
        await faultsOf({ ...whole, connections: [{ id: con('a'), gcp: { token_file: name } }] }),
      ).toEqual([
        'connections.0.gcp.token_file: must not be the name of one of the agent’s own files (authorization, endpoint)',
      ]);
    },
  );

  test('does not repeat a secret that is written instead of a key', async () => {
    const faults = await faultsOf({ ...whole, connections: [{ id: con('a'), aws: { 'p@ss-word': 1 } }] });
    expect(faults).toEqual(['connections.0.aws: has an unknown key: (unreadable name)']);
  });
});

test('the server ignores the variables of the agent, and the agent those of the server', async () => {
  parseConfig(least, { SOJOURN_AGENT_LISTEN: '127.0.0.1:1' });
  await load(whole, { SOJOURN_LISTEN_PUBLIC: 'nonsense', SOJOURN_AGENT_SERVICE_HOST: '10.0.0.1' });
});
