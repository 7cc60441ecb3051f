import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { apiToken, problem, type Script, script } from '../sdk/arrange.ts';
import {
  ask,
  type Given,
  newFolder,
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
    [`GET /v1/connections/${aws}/credentials`]: [{ body: given }],
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
/** What the server answers for its credentials. */
const given = {
  connection: aws,
  cloud: 'aws',
  expires_at,
  credentials: {
    access_key_id: 'ASIAEXAMPLE',
    secret_access_key: 'secret-key-of-aws',
    session_token: 'session-token-of-aws',
  },
};
/** What an SDK of AWS reads of it. */
const handedOn = {
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

async function start(given: Partial<Given> & Pick<Given, 'connections'>): Promise<TestAgent> {
  const agent = await testAgent(server.origin, given);
  running.push(agent);
  return agent;
}

const forbidden = {
  Code: 'agent_forbidden',
  Message:
    'The agent does not hand anything to this caller. Send what the file `authorization` in the directory of the agent holds, to its own address, and from no web page.',
};

describe('who may ask', () => {
  const attacks: Record<string, { reason: string; headers: Record<string, string | readonly string[]> }> = {
    'no token': { reason: 'token', headers: {} },
    'an empty token': { reason: 'token', headers: { authorization: '' } },
    'a wrong token': { reason: 'token', headers: { authorization: 'x'.repeat(43) } },
    'the beginning of the token': { reason: 'token', headers: { authorization: 'TOKEN-SHORT' } },
    'the token as Basic': { reason: 'token', headers: { authorization: 'Basic TOKEN' } },
    'two tokens': { reason: 'token', headers: { authorization: ['TOKEN', 'TOKEN'] } },
    'a name that was rebound to loopback': {
      reason: 'host',
      headers: { host: 'evil.example:PORT', authorization: 'TOKEN' },
    },
    'another port in Host': { reason: 'host', headers: { host: '127.0.0.1:1', authorization: 'TOKEN' } },
    'no port in Host': { reason: 'host', headers: { host: '127.0.0.1', authorization: 'TOKEN' } },
    'another loopback address in Host': {
      reason: 'host',
      headers: { host: '127.0.0.2:PORT', authorization: 'TOKEN' },
    },
    'a name that only looks like it': {
      reason: 'host',
      headers: { host: 'localhost.evil.example:PORT', authorization: 'TOKEN' },
    },
    'two Hosts': {
      reason: 'host',
      headers: { host: ['127.0.0.1:PORT', 'evil.example'], authorization: 'TOKEN' },
    },
    'a web page elsewhere': {
      reason: 'browser',
      headers: { origin: 'https://evil.example', authorization: 'TOKEN' },
    },
    'a web page without an origin': {
      reason: 'browser',
      headers: { origin: 'null', authorization: 'TOKEN' },
    },
    'the own origin': {
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

  test('nobody without the token, from another name, by a browser or through a proxy, whatever is asked for', async () => {
    const agent = await start({ connections: [{ id: aws, aws: {} }] });
    const { port } = new URL(agent.origin);
    const filled = (text: string) =>
      text
        .replace('TOKEN-SHORT', agent.authorization.slice(0, -1))
        .replace('TOKEN', agent.authorization)
        .replace('PORT', port);
    const named = [`/v1/credentials/${aws}`, `/v1/credentials/${aws}?format=json`, `/v1/token/${aws}`];
    const paths = [...named, '/v1/status', '/metrics', '/nothing'];
    const seen: string[] = [];
    for (const [name, { reason, headers }] of Object.entries(attacks)) {
      const sent = Object.fromEntries(
        Object.entries(headers).map(([key, value]) => [
          key,
          typeof value === 'string' ? filled(value) : value.map(filled),
        ]),
      );
      for (const path of paths) {
        const answer = await ask(agent.origin, path, sent);
        expect({ name, path, ...answer }).toEqual({ name, path, status: 403, body: forbidden });
        seen.push(reason);
      }
    }
    const lines = agent.lines('agent.refused');
    expect(lines.map(({ reason }) => reason)).toEqual(seen);
    expect(lines[0]).toEqual({
      level: 'warn',
      time: expect.any(String),
      event: 'agent.refused',
      outcome: 'refused',
      reason: 'token',
      connection: aws,
      msg: 'a caller was turned away',
    });
    expect(lines.filter(({ connection }) => connection === aws)).toHaveLength(
      named.length * Object.keys(attacks).length,
    );
    expect(JSON.stringify(lines)).not.toContain('nothing');
    const { body } = await agent.get('/metrics');
    const count = (reason: string) => seen.filter((one) => one === reason).length;
    for (const reason of new Set(seen))
      expect(body).toContain(`sojourn_agent_requests_refused_total{reason="${reason}"} ${count(reason)}\n`);
    expect(agent.logged()).not.toContain(agent.authorization);
  });

  test.each(['127.0.0.1', 'localhost'])(
    'who has the token, by the name %s and in either spelling',
    async (name) => {
      const agent = await start({ connections: [{ id: aws, aws: {} }] });
      const host = `${name}:${new URL(agent.origin).port}`;
      for (const authorization of [agent.authorization, `Bearer ${agent.authorization}`])
        expect(await ask(agent.origin, `/v1/credentials/${aws}`, { host, authorization })).toEqual({
          status: 200,
          body: handedOn,
        });
    },
  );

  test('who has the token, where the endpoint is at another address of loopback', async () => {
    const agent = await start({
      listen: { host: '127.0.0.2', port: 0 },
      connections: [{ id: aws, aws: {} }],
    });
    expect(await agent.get(`/v1/credentials/${aws}`)).toMatchObject({ status: 200 });
  });

  test('each start has a token of its own, in a file that only its owner can read', async () => {
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

describe('what is answered', () => {
  test('one sign-in and one call for each kind serve everybody, by endpoint and by file', async () => {
    const agent = await start({
      connections: [
        { id: aws, aws: { container: true, token_file: 'acme-aws' } },
        { id: azure, azure: { token_file: 'acme-azure' } },
        { id: gcp, gcp: { credentials_file: 'acme-gcp.json' } },
      ],
    });
    for (let times = 0; times < 3; times++) {
      const { status, body } = await agent.get(`/v1/credentials/${aws}`);
      expect({ status, body }).toEqual({
        status: 200,
        body: handedOn,
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

  test('a file of Google’s libraries that reads a token file names that, and the service account', async () => {
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
  ])('%s by %s is answered %i', async (path, method, status, code) => {
    const agent = await start({
      connections: [
        { id: aws, aws: {} },
        { id: gcp, gcp: {} },
      ],
    });
    const answer = await ask(agent.origin, path, { authorization: agent.authorization }, method);
    expect(answer).toEqual({ status, body: { Code: code, Message: expect.any(String) } });
  });

  test('a refusal of the server is told in its own words, and the file is gone', async () => {
    let offset = 0;
    const agent = await start({
      connections: [{ id: aws, aws: { container: true, token_file: 'acme' } }],
      now: () => Date.now() + offset,
    });
    expect((await readdir(agent.directory)).toSorted()).toEqual(['acme', 'authorization', 'endpoint']);
    const no = problem(409, 'connection_disabled', 'The connection is disabled.', 'Enable it.');
    for (const kind of ['credentials', 'token']) server.answers[`GET /v1/connections/${aws}/${kind}`] = [no];
    // As after a sleep: what is held is over, and fetched anew at once.
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
        keeps: ['credentials', 'token'],
        outage_budget_minutes: 0,
        refreshed_at: expect.any(String),
        error: 'The connection is disabled. Enable it.',
      },
    ]);
  });

  test('a server that is away at the start, or hangs, is no fault: every tool gets a sentence', async () => {
    server.answers['POST /token'] = [{ instead: 'silence' }];
    const agent = await start({ connections: [{ id: aws, aws: {} }] });
    expect(await agent.get(`/v1/credentials/${aws}`)).toEqual({
      status: 424,
      body: {
        Code: 'agent_not_ready',
        Message: `The agent has no credentials for ${aws}. The server has not answered yet, and the agent goes on asking. Try again in a few seconds.`,
      },
    });
  });
});

describe('a start, and another configuration', () => {
  test('tokens that are too short for Azure stop the start, with every connection and the commands that help', async () => {
    const other = 'con_01kb00000000000000000000dd';
    for (const id of [azure, other]) server.answers[`GET /v1/connections/${id}/token`] = [tokenFor(id, 300)];
    const directory = await newFolder();
    const connections = [azure, other, gcp].map((id, index) =>
      id === gcp ? { id, gcp: {} } : { id, azure: { token_file: `acme-${index}` } },
    );
    const sentence = (id: string) =>
      `The tokens of ${id} live 300 seconds, and its file needs 660 or more: Azure's libraries keep what they have read for 5 minutes.`;
    await expect(start({ directory, connections })).rejects.toMatchObject({
      code: 'agent_token_ttl_too_short',
      message: `${sentence(azure)} ${sentence(other)}`,
      advice: `Run: sojourn connection update ${azure} --token-ttl 900 Run: sojourn connection update ${other} --token-ttl 900`,
    });
    expect(await readdir(directory)).toEqual([]);
  });

  test('a second agent on the same port ends before it touches the files of the first', async () => {
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

  test('a new configuration takes the place of the old one, and a faulty one does not', async () => {
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

  test('a file that another connection takes over never holds the token of the one before', async () => {
    const agent = await start({ connections: [{ id: aws, aws: { token_file: 'acme' } }] });
    server.answers[`GET /v1/connections/${gcp}/token`] = [
      problem(404, 'connection_not_found', 'No.', 'Check it.'),
    ];
    const sojourn = sojournAt(server.origin);
    await agent.reload({ sojourn, connections: [{ id: gcp, gcp: { token_file: 'acme' } }] });
    expect((await readdir(agent.directory)).toSorted()).toEqual(['authorization', 'endpoint']);
    await agent.reload({ sojourn, connections: [{ id: aws, aws: { token_file: 'acme', container: true } }] });
    expect(await readFile(join(agent.directory, 'acme'), 'utf8')).toBe(jwtFor(aws));
  });
});

test('status and metrics say how long it would last, and nothing holds a secret', async () => {
  const agent = await start({
    connections: [
      { id: aws, aws: { container: true, token_file: 'acme' } },
      { id: gcp, gcp: {} },
    ],
  });
  const { body } = await agent.get('/v1/status');
  const refreshed_at = expect.stringMatching(/^\d{4}-\d\d-\d\dT/);
  expect(body).toEqual({
    issuer: server.origin,
    started_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    server: { answers: true, error: null, retry_in_seconds: 0 },
    connections: [
      { id: aws, keeps: ['credentials', 'token'], outage_budget_minutes: 14, refreshed_at, error: null },
      { id: gcp, keeps: ['token'], outage_budget_minutes: 14, refreshed_at, error: null },
    ],
  });
  const metrics = String((await agent.get('/metrics')).body);
  for (const line of [
    'sojourn_agent_refreshes_total{outcome="ok"} 3',
    'sojourn_agent_ready 3',
    'sojourn_agent_empty 0',
    'sojourn_agent_server_available 1',
  ])
    expect(metrics).toContain(`${line}\n`);
  expect(Number(/^sojourn_agent_outage_budget_seconds (\S+)$/m.exec(metrics)?.[1])).toBeGreaterThan(800);
  await agent.close();
  const everything = agent.logged() + metrics + JSON.stringify(body);
  expect(agent.logged()).toContain('agent.refreshed');
  for (const hidden of [
    agent.authorization,
    secret,
    'token-of-the-api',
    'secret-key-of-aws',
    'session-token-of-aws',
    jwtFor(aws),
    jwtFor(gcp),
  ])
    expect(everything).not.toContain(hidden);
});
