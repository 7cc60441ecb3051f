import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { apiToken, problem, type Script, script } from '../sdk/arrange.ts';
import {
  ask,
  newFolder,
  type Options,
  removeFolders,
  secret,
  sojournAt,
  type TestAgent,
  testAgent,
} from './arrange.ts';

const aws = 'con_01kb00000000000000000000aa';
const azure = 'con_01kb00000000000000000000bb';
const gcp = 'con_01kb00000000000000000000cc';

let server: Script;
const running: TestAgent[] = [];

beforeEach(async () => {
  server = await script();
  server.answers = {
    'POST /token': [apiToken('token-of-the-api')],
    [`GET /v1/connections/${aws}/credentials`]: [{ body: awsCredentials }],
    ...Object.fromEntries(
      [aws, azure, gcp].map((id) => [`GET /v1/connections/${id}/token`, [tokenFor(id, 900)]]),
    ),
  };
});
afterEach(async () => {
  for (const agent of running.splice(0)) await agent.close();
  await server.close();
});
afterAll(removeFolders);

const expires_at = new Date(Date.now() + 3_600_000).toISOString();
/** The server's response for the AWS connection. */
const awsCredentials = {
  connection: aws,
  cloud: 'aws',
  expires_at,
  credentials: {
    access_key_id: 'ASIAEXAMPLE',
    secret_access_key: 'secret-key-of-aws',
    session_token: 'session-token-of-aws',
  },
};
/** The same in the format that AWS SDKs read. */
const containerCredentials = {
  AccessKeyId: 'ASIAEXAMPLE',
  SecretAccessKey: 'secret-key-of-aws',
  Token: 'session-token-of-aws',
  Expiration: expires_at,
};

const provider = '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/v';
const jwtFor = (id: string) =>
  `header.${Buffer.from(JSON.stringify({ sub: id, aud: `https:${provider}` })).toString('base64url')}.signature`;
const tokenFor = (id: string, seconds: number) => ({
  body: { access_token: jwtFor(id), token_type: 'Bearer', expires_in: seconds },
});

async function start(options: Partial<Options> & Pick<Options, 'connections'>): Promise<TestAgent> {
  const agent = await testAgent(server.origin, options);
  running.push(agent);
  return agent;
}

const forbidden = {
  Code: 'agent_forbidden',
  Message:
    'The agent refuses this caller. Send the content of the file `authorization` from the directory of the agent as the header `Authorization`, to the address of the agent itself, and not from a web page.',
};

describe('the endpoint', () => {
  const attacks: Record<string, { reason: string; headers: Record<string, string | readonly string[]> }> = {
    'no token': { reason: 'token', headers: {} },
    'an empty token': { reason: 'token', headers: { authorization: '' } },
    'a wrong token': { reason: 'token', headers: { authorization: 'x'.repeat(43) } },
    'a prefix of the token': { reason: 'token', headers: { authorization: 'TOKEN-SHORT' } },
    'the token as Basic': { reason: 'token', headers: { authorization: 'Basic TOKEN' } },
    'two tokens': { reason: 'token', headers: { authorization: ['TOKEN', 'TOKEN'] } },
    'DNS rebinding': {
      reason: 'host',
      headers: { host: 'evil.example:PORT', authorization: 'TOKEN' },
    },
    'another port in Host': { reason: 'host', headers: { host: '127.0.0.1:1', authorization: 'TOKEN' } },
    'no port in Host': { reason: 'host', headers: { host: '127.0.0.1', authorization: 'TOKEN' } },
    'another loopback address in Host': {
      reason: 'host',
      headers: { host: '127.0.0.2:PORT', authorization: 'TOKEN' },
    },
    'a host name that begins with localhost': {
      reason: 'host',
      headers: { host: 'localhost.evil.example:PORT', authorization: 'TOKEN' },
    },
    'two Hosts': {
      reason: 'host',
      headers: { host: ['127.0.0.1:PORT', 'evil.example'], authorization: 'TOKEN' },
    },
    'a web page of another origin': {
      reason: 'browser',
      headers: { origin: 'https://evil.example', authorization: 'TOKEN' },
    },
    'a web page without an origin': {
      reason: 'browser',
      headers: { origin: 'null', authorization: 'TOKEN' },
    },
    'the origin of the endpoint': {
      reason: 'browser',
      headers: { origin: 'http://127.0.0.1:PORT', authorization: 'TOKEN' },
    },
    'an image in a web page': {
      reason: 'browser',
      headers: { 'sec-fetch-site': 'cross-site', authorization: 'TOKEN' },
    },
    'an address typed into a browser': {
      reason: 'browser',
      headers: { 'sec-fetch-site': 'none', authorization: 'TOKEN' },
    },
    'a proxy': { reason: 'forwarded', headers: { 'x-forwarded-for': '10.0.0.1', authorization: 'TOKEN' } },
    'a proxy by RFC 7239': {
      reason: 'forwarded',
      headers: { forwarded: 'for=10.0.0.1', authorization: 'TOKEN' },
    },
  };

  test('answers 403 without the token, with another Host, from a browser and through a proxy, on every path', async () => {
    const agent = await start({ connections: [{ id: aws, aws: {} }] });
    const { port } = new URL(agent.origin);
    const fill = (text: string) =>
      text
        .replace('TOKEN-SHORT', agent.authorization.slice(0, -1))
        .replace('TOKEN', agent.authorization)
        .replace('PORT', port);
    const connectionPaths = [
      `/v1/credentials/${aws}`,
      `/v1/credentials/${aws}?format=json`,
      `/v1/token/${aws}`,
    ];
    const paths = [...connectionPaths, '/v1/status', '/metrics', '/nothing'];
    const reasons: string[] = [];
    for (const [name, { reason, headers }] of Object.entries(attacks)) {
      const sent = Object.fromEntries(
        Object.entries(headers).map(([key, value]) => [
          key,
          typeof value === 'string' ? fill(value) : value.map(fill),
        ]),
      );
      for (const path of paths) {
        const answer = await ask(agent.origin, path, sent);
        expect({ name, path, ...answer }).toEqual({ name, path, status: 403, body: forbidden });
        reasons.push(reason);
      }
    }
    const lines = agent.lines('agent.request_refused');
    expect(lines.map(({ reason }) => reason)).toEqual(reasons);
    expect(lines[0]).toEqual({
      level: 'warn',
      time: expect.any(String),
      event: 'agent.request_refused',
      outcome: 'refused',
      reason: 'token',
      connection: aws,
      msg: 'refused a request',
    });
    expect(lines.filter(({ connection }) => connection === aws)).toHaveLength(
      connectionPaths.length * Object.keys(attacks).length,
    );
    expect(JSON.stringify(lines)).not.toContain('nothing');
    const { body } = await agent.get('/metrics');
    const count = (reason: string) => reasons.filter((other) => other === reason).length;
    for (const reason of new Set(reasons))
      expect(body).toContain(`sojourn_agent_requests_refused_total{reason="${reason}"} ${count(reason)}\n`);
    expect(agent.logged()).not.toContain(agent.authorization);
  });

  test.each(['127.0.0.1', 'localhost'])(
    'accepts the token with the host name %s, with and without Bearer',
    async (name) => {
      const agent = await start({ connections: [{ id: aws, aws: {} }] });
      const host = `${name}:${new URL(agent.origin).port}`;
      for (const authorization of [agent.authorization, `Bearer ${agent.authorization}`])
        expect(await ask(agent.origin, `/v1/credentials/${aws}`, { host, authorization })).toEqual({
          status: 200,
          body: containerCredentials,
        });
    },
  );

  test('accepts the token on another loopback address', async () => {
    const agent = await start({
      listen: { host: '127.0.0.2', port: 0 },
      connections: [{ id: aws, aws: {} }],
    });
    expect(await agent.get(`/v1/credentials/${aws}`)).toMatchObject({ status: 200 });
  });

  test('has a new token after each start, in a file with mode 0600', async () => {
    const directory = await newFolder();
    const tokens = new Set<string>();
    for (let starts = 0; starts < 2; starts++) {
      const agent = await start({ directory, connections: [{ id: aws, aws: {} }] });
      const file = join(directory, 'authorization');
      expect(await readFile(file, 'utf8')).toBe(agent.authorization);
      expect((await lstat(file)).mode & 0o777).toBe(0o600);
      tokens.add(agent.authorization);
      await agent.close();
      expect(await readdir(directory)).toEqual([]);
    }
    expect([...tokens].map((token) => token.length)).toEqual([43, 43]);
  });
});

describe('the agent', () => {
  test('signs in once and makes one request for each value, and serves it by endpoint and by file', async () => {
    const agent = await start({
      connections: [
        { id: aws, aws: { container_endpoint: true, token_file: 'acme-aws' } },
        { id: azure, azure: { token_file: 'acme-azure' } },
        { id: gcp, gcp: { credentials_file: 'acme-gcp.json' } },
      ],
    });
    for (let times = 0; times < 3; times++) {
      const { status, body } = await agent.get(`/v1/credentials/${aws}`);
      expect({ status, body }).toEqual({
        status: 200,
        body: containerCredentials,
      });
      for (const id of [aws, azure, gcp])
        expect(await agent.get(`/v1/token/${id}`)).toEqual({
          status: 200,
          body: { access_token: jwtFor(id), token_type: 'Bearer', expires_in: expect.any(Number) },
        });
    }
    expect(server.heard.map(({ request }) => request).toSorted()).toEqual([
      `GET /v1/connections/${aws}/credentials?format=json`,
      `GET /v1/connections/${aws}/token`,
      `GET /v1/connections/${azure}/token`,
      `GET /v1/connections/${gcp}/token`,
      'POST /token',
    ]);
    expect((await readdir(agent.directory)).toSorted()).toEqual([
      'acme-aws',
      'acme-azure',
      'acme-gcp.json',
      'authorization',
      'endpoint',
    ]);
    expect(await readFile(join(agent.directory, 'acme-aws'), 'utf8')).toBe(jwtFor(aws));
    expect(await readFile(join(agent.directory, 'acme-azure'), 'utf8')).toBe(jwtFor(azure));
    expect(JSON.parse(await readFile(join(agent.directory, 'acme-gcp.json'), 'utf8'))).toEqual({
      universe_domain: 'googleapis.com',
      type: 'external_account',
      audience: provider,
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: 'https://sts.googleapis.com/v1/token',
      credential_source: {
        url: `${agent.origin}/v1/token/${gcp}`,
        headers: { Authorization: agent.authorization },
        format: { type: 'json', subject_token_field_name: 'access_token' },
      },
    });
    await agent.close();
    expect(await readdir(agent.directory)).toEqual([]);
  });

  test('writes an external account that names the token file and the service account', async () => {
    const agent = await start({
      connections: [
        {
          id: gcp,
          gcp: {
            token_file: 'acme',
            credentials_file: 'acme.json',
            service_account: 'robot@acme.iam.gserviceaccount.com',
            sts_endpoint: 'https://sts.example',
            iam_credentials_endpoint: 'https://iam.example',
          },
        },
      ],
    });
    expect(JSON.parse(await readFile(join(agent.directory, 'acme.json'), 'utf8'))).toEqual({
      universe_domain: 'googleapis.com',
      type: 'external_account',
      audience: provider,
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: 'https://sts.example/v1/token',
      service_account_impersonation_url:
        'https://iam.example/v1/projects/-/serviceAccounts/robot@acme.iam.gserviceaccount.com:generateAccessToken',
      credential_source: { file: join(agent.directory, 'acme'), format: { type: 'text' } },
    });
  });

  test('writes a configuration file with the region of an AWS connection, and removes it at the end', async () => {
    server.answers[`GET /v1/connections/${aws}/credentials`] = [
      {
        status: 200,
        body: { ...awsCredentials, credentials: { ...awsCredentials.credentials, region: 'eu-central-1' } },
      },
    ];
    const agent = await start({ connections: [{ id: aws, aws: { config_file: 'acme.config' } }] });
    expect(await readFile(join(agent.directory, 'acme.config'), 'utf8')).toBe(
      '[default]\nregion = eu-central-1\n',
    );
    await agent.close();
    expect(await readdir(agent.directory)).toEqual([]);
  });

  test('writes an external account for another audience, universe and lifetime', async () => {
    const agent = await start({
      connections: [
        {
          id: gcp,
          gcp: {
            token_file: 'acme',
            credentials_file: 'acme.json',
            service_account: 'robot@acme.iam.gserviceaccount.com',
            lifetime_seconds: '7200',
            universe_domain: 'apis-example.fr',
            provider: provider.replace('//iam.googleapis.com/', '').replace('123456789012', '42'),
          },
        },
      ],
    });
    expect(JSON.parse(await readFile(join(agent.directory, 'acme.json'), 'utf8'))).toEqual({
      universe_domain: 'apis-example.fr',
      type: 'external_account',
      audience: provider.replace('123456789012', '42'),
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: 'https://sts.apis-example.fr/v1/token',
      service_account_impersonation_url:
        'https://iamcredentials.apis-example.fr/v1/projects/-/serviceAccounts/robot@acme.iam.gserviceaccount.com:generateAccessToken',
      service_account_impersonation: { token_lifetime_seconds: 7200 },
      credential_source: { file: join(agent.directory, 'acme'), format: { type: 'text' } },
    });
  });

  test.each([
    ['/', 'GET', 404, 'not_found'],
    ['/v1/credentials/con_unknown', 'GET', 404, 'not_found'],
    [`/v1/credentials/${gcp}`, 'GET', 404, 'not_found'],
    [`/v1/credentials/${aws}?a=b`, 'GET', 404, 'not_found'],
    [`/v1/credentials/${aws}?`, 'GET', 404, 'not_found'],
    [`/v1/credentials/${aws}?format=env&format=json`, 'GET', 404, 'not_found'],
    [`/v1/credentials/${aws}?purpose=read`, 'GET', 404, 'not_found'],
    [`/v1/credentials/${aws}?format=azure`, 'GET', 400, 'invalid_request'],
    [`/v1/credentials/${aws}?format=x`, 'GET', 400, 'invalid_request'],
    [`/v1/token/${gcp}?format=json`, 'GET', 404, 'not_found'],
    [`/v1/credentials/${aws}/`, 'GET', 404, 'not_found'],
    [`http://127.0.0.1/v1/credentials/${aws}`, 'GET', 404, 'not_found'],
    [`/v1/credentials/${aws}`, 'POST', 405, 'method_not_allowed'],
    [`/v1/credentials/${aws}`, 'OPTIONS', 405, 'method_not_allowed'],
  ])('answers %s by %s with %i', async (path, method, status, code) => {
    const agent = await start({
      connections: [
        { id: aws, aws: {} },
        { id: gcp, gcp: {} },
      ],
    });
    const answer = await ask(agent.origin, path, { authorization: agent.authorization }, method);
    expect(answer).toEqual({ status, body: { Code: code, Message: expect.any(String) } });
  });

  test('passes on the server’s refusal and removes the token file', async () => {
    let offset = 0;
    const agent = await start({
      connections: [{ id: aws, aws: { container_endpoint: true, token_file: 'acme' } }],
      now: () => Date.now() + offset,
    });
    expect((await readdir(agent.directory)).toSorted()).toEqual(['acme', 'authorization', 'endpoint']);
    const refusal = problem(409, 'connection_disabled', 'The connection is disabled.', 'Enable it.');
    for (const type of ['credentials', 'token'])
      server.answers[`GET /v1/connections/${aws}/${type}`] = [refusal];
    // As after a sleep: all values are expired and refreshed at once.
    offset = 8 * 3_600_000;
    while (agent.status().connections[0]?.error === null || (await readdir(agent.directory)).length > 2)
      await agent.get('/v1/status');
    expect(await agent.get(`/v1/credentials/${aws}`)).toEqual({
      status: 424,
      body: {
        Code: 'agent_not_ready',
        Message: `The agent has no credentials for ${aws}. The connection is disabled. Enable it.`,
      },
    });
    expect(await agent.get(`/v1/token/${aws}`)).toMatchObject({ status: 424 });
    expect((await readdir(agent.directory)).toSorted()).toEqual(['authorization', 'endpoint']);
    expect(agent.status().connections).toEqual([
      {
        id: aws,
        serves: ['credentials', 'token'],
        outage_budget_minutes: 0,
        refreshed_at: expect.any(String),
        error: 'The connection is disabled. Enable it.',
      },
    ]);
  });

  test('stops serving a disabled client at the next contact, and removes its token files', async () => {
    let offset = 0;
    const agent = await start({
      connections: [
        { id: aws, aws: { container_endpoint: true, token_file: 'acme' } },
        { id: gcp, gcp: { token_file: 'globex' } },
      ],
      now: () => Date.now() + offset,
    });
    expect((await readdir(agent.directory)).toSorted()).toEqual([
      'acme',
      'authorization',
      'endpoint',
      'globex',
    ]);
    const unauthorized = problem(401, 'unauthorized', 'The bearer token is invalid.', 'Sign in.');
    for (const path of Object.keys(server.answers)) server.answers[path] = [unauthorized];
    server.answers['POST /token'] = [
      {
        status: 401,
        body: {
          error: 'invalid_client',
          error_description: 'Client authentication failed. Check the client.',
        },
      },
    ];
    // Half of a token's lifetime: credentials are not due for hours.
    offset = 8 * 60_000;
    while ((await readdir(agent.directory)).length > 2) await agent.get('/v1/status');
    for (const path of [`/v1/credentials/${aws}`, `/v1/token/${aws}`, `/v1/token/${gcp}`])
      expect(await agent.get(path)).toEqual({
        status: 424,
        body: {
          Code: 'agent_not_ready',
          Message: expect.stringContaining('Client authentication failed. Check the client.'),
        },
      });
    expect(agent.status()).toMatchObject({
      server: { available: false, error: 'Client authentication failed. Check the client.' },
      connections: [{ outage_budget_minutes: 0 }, { outage_budget_minutes: 0 }],
    });
  });

  test('starts while the server does not answer, and returns an error with advice', async () => {
    server.answers['POST /token'] = [{ instead: 'silence' }];
    const agent = await start({ connections: [{ id: aws, aws: {} }] });
    expect(await agent.get(`/v1/credentials/${aws}`)).toEqual({
      status: 424,
      body: {
        Code: 'agent_not_ready',
        Message: `The agent has no credentials for ${aws}. The server has not answered yet; the agent keeps trying. Try again in a few seconds.`,
      },
    });
  });
});

describe('start and reload', () => {
  test('a start fails if tokens are too short for Azure, and the error names every connection and its command', async () => {
    const other = 'con_01kb00000000000000000000dd';
    for (const id of [azure, other]) server.answers[`GET /v1/connections/${id}/token`] = [tokenFor(id, 300)];
    const directory = await newFolder();
    const connections = [azure, other, gcp].map((id, index) =>
      id === gcp ? { id, gcp: {} } : { id, azure: { token_file: `acme-${index}` } },
    );
    const detail = (id: string) =>
      `The tokens of ${id} are valid for 300 seconds, and its token file needs 660 or more: Azure's libraries cache a token for 5 minutes.`;
    await expect(start({ directory, connections })).rejects.toMatchObject({
      code: 'agent_token_ttl_too_short',
      message: `${detail(azure)} ${detail(other)}`,
      advice: `Run: sojourn connection update ${azure} --token-ttl 900 Run: sojourn connection update ${other} --token-ttl 900`,
    });
    expect(await readdir(directory)).toEqual([]);
  });

  test('a second agent on the same port fails before it changes the files of the first', async () => {
    const first = await start({ connections: [{ id: aws, aws: { token_file: 'acme' } }] });
    const port = Number(new URL(first.origin).port);
    await expect(
      start({
        directory: first.directory,
        listen: { host: '127.0.0.1', port },
        connections: [{ id: aws, aws: { token_file: 'acme' } }],
      }),
    ).rejects.toMatchObject({
      code: 'config_invalid',
      message: `listen: 127.0.0.1:${port} cannot be used (EADDRINUSE)`,
    });
    expect((await readdir(first.directory)).toSorted()).toEqual(['acme', 'authorization', 'endpoint']);
  });

  test('a reload replaces the configuration, and an invalid one keeps the current configuration', async () => {
    const agent = await start({ connections: [{ id: aws, aws: { token_file: 'acme-aws' } }] });
    const sojourn = sojournAt(server.origin);
    await agent.reload({ sojourn, connections: [{ id: gcp, gcp: { token_file: 'acme-gcp' } }] });
    expect((await readdir(agent.directory)).toSorted()).toEqual(['acme-gcp', 'authorization', 'endpoint']);
    expect(await agent.get(`/v1/token/${aws}`)).toMatchObject({ status: 404 });

    server.answers[`GET /v1/connections/${azure}/token`] = [tokenFor(azure, 300)];
    await expect(
      agent.reload({ sojourn, connections: [{ id: azure, azure: { token_file: 'acme-gcp' } }] }),
    ).rejects.toMatchObject({ code: 'agent_token_ttl_too_short' });
    expect((await readdir(agent.directory)).toSorted()).toEqual(['acme-gcp', 'authorization', 'endpoint']);
    expect(await agent.get(`/v1/token/${gcp}`)).toMatchObject({ status: 200 });
    expect(await readFile(join(agent.directory, 'acme-gcp'), 'utf8')).toBe(jwtFor(gcp));
  });

  test('a file that a reload assigns to another connection never holds the previous connection’s token', async () => {
    const agent = await start({ connections: [{ id: aws, aws: { token_file: 'acme' } }] });
    server.answers[`GET /v1/connections/${gcp}/token`] = [
      problem(404, 'connection_not_found', 'No.', 'Check it.'),
    ];
    const sojourn = sojournAt(server.origin);
    await agent.reload({ sojourn, connections: [{ id: gcp, gcp: { token_file: 'acme' } }] });
    expect((await readdir(agent.directory)).toSorted()).toEqual(['authorization', 'endpoint']);
    await agent.reload({
      sojourn,
      connections: [{ id: aws, aws: { token_file: 'acme', container_endpoint: true } }],
    });
    expect(await readFile(join(agent.directory, 'acme'), 'utf8')).toBe(jwtFor(aws));
  });
});

test('status and metrics of the agent report the outage budget, and contain no secret', async () => {
  // Half a minute more than 14, so that the figure does not depend on how fast this test is.
  for (const id of [aws, gcp]) server.answers[`GET /v1/connections/${id}/token`] = [tokenFor(id, 870)];
  const agent = await start({
    connections: [
      { id: aws, aws: { container_endpoint: true, token_file: 'acme' } },
      { id: gcp, gcp: {} },
    ],
  });
  const { body } = await agent.get('/v1/status');
  const refreshed_at = expect.stringMatching(/^\d{4}-\d\d-\d\dT/);
  expect(body).toEqual({
    issuer: server.origin,
    started_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    server: { available: true, error: null, retry_in_seconds: 0 },
    connections: [
      { id: aws, serves: ['credentials', 'token'], outage_budget_minutes: 14, refreshed_at, error: null },
      { id: gcp, serves: ['token'], outage_budget_minutes: 14, refreshed_at, error: null },
    ],
  });
  const metrics = String((await agent.get('/metrics')).body);
  for (const line of [
    'sojourn_agent_refreshes_total{outcome="ok"} 3',
    'sojourn_agent_cache_entries{state="ready"} 3',
    'sojourn_agent_cache_entries{state="missing"} 0',
    'sojourn_agent_server_available 1',
  ])
    expect(metrics).toContain(`${line}\n`);
  expect(Number(/^sojourn_agent_outage_budget_seconds (\S+)$/m.exec(metrics)?.[1])).toBeGreaterThan(800);
  await agent.close();
  const everything = agent.logged() + metrics + JSON.stringify(body);
  expect(agent.logged()).toContain('agent.refreshed');
  for (const secretValue of [
    agent.authorization,
    secret,
    'token-of-the-api',
    'secret-key-of-aws',
    'session-token-of-aws',
    jwtFor(aws),
    jwtFor(gcp),
  ])
    expect(everything).not.toContain(secretValue);
});
