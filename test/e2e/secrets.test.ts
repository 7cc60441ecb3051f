/** No secret is in a log, an error, the audit or the metrics, for valid and malformed requests. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair } from 'jose';
import { call } from '../../src/sandbox/demo/http.ts';
import type { ServedCredentials } from '../../src/sandbox/demo/use.ts';
import { startSandbox } from '../../src/sandbox/index.ts';
import { assertionKey, withAssertion } from '../support/assertions.ts';
import { bodyOf, sendRaw } from '../support/raw-http.ts';
import { askToken, type TestClient, withSecret } from '../support/server.ts';
import { type Customer, cloudsAt, connectCustomer } from './customer.ts';
import { adminToken, type ServerProcess } from './process.ts';
import { later, newFolder, server, steadyPort } from './stage.ts';

const clouds = ['aws', 'azure', 'gcp'] as const;
const formats = ['json', 'aws-process', 'aws-container', 'env', 'gcp', 'azure'];

let sandbox: string;
let sojourn: ServerProcess;
let customer: Customer;
let client: TestClient;
let keyed: { client_id: string };
let key: Awaited<ReturnType<typeof assertionKey>>;
let folder: string;

/** What must be found nowhere, by what it is. */
const secrets = new Map<string, string>();
/** Answers that are no delivery of a secret to its owner. */
const told: string[] = [];

/** A JWS is as secret as its signature: the rest of it is worth nothing alone. */
function keepJws(name: string, jws: string): string {
  secrets.set(name, jws);
  secrets.set(`the signature of ${name}`, jws.split('.')[2] ?? '');
  return jws;
}

beforeAll(async () => {
  const started = await startSandbox({ listen: { host: '127.0.0.1', port: 0 } });
  later(() => started.close());
  sandbox = started.origin;
  folder = await newFolder();
  sojourn = await server({
    folder,
    port: await steadyPort(),
    config: { clouds: cloudsAt(sandbox) },
    program: join(import.meta.dirname, 'debug-server.ts'),
    // Makes the libraries that know this variable say all they can, too; but for the one line with the path of a request,
    // which nobody but a caller can put a secret into.
    env: { DEBUG: '*,-koa-router' },
  });
  key = await assertionKey();
  customer = await connectCustomer(sojourn.admin, sandbox);
  const may_use = [{ tenant: customer.tenant }];
  client = await sojourn.admin.post('/clients', { name: 'deployer', may_use });
  const auth = { method: 'private_key_jwt', jwks: { keys: [key.jwk] } };
  keyed = await sojourn.admin.post('/clients', { name: 'scanner', may_use, auth });
  secrets.set('the client secret', client.client_secret);
  const basic = Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64');
  secrets.set('the client secret as Basic has it', basic);
  secrets.set('the admin token', adminToken);
  secrets.set('the key-encryption key', (await readFile(join(folder, 'encryption.key'), 'utf8')).trim());
}, 120_000);

const assertion = async (name: string, claims: Record<string, unknown> = {}) =>
  keepJws(name, await key.sign(keyed.client_id, sojourn.issuer, claims));

async function goodTraffic(): Promise<void> {
  const { issuer, origin } = sojourn;
  for (const cloud of clouds) {
    const { body } = await askToken(issuer, withSecret(client, customer[cloud]));
    keepJws(`a token for ${cloud}`, String(body.access_token));
  }
  const resource = 'urn:sojourn:api';
  const form = { ...withAssertion(await assertion('a good assertion')), resource };
  const api = keepJws('the API token', String((await askToken(issuer, form)).body.access_token));
  const headers = { authorization: `Bearer ${api}` };
  for (const cloud of clouds) {
    const url = `${origin}/v1/connections/${customer[cloud].id}`;
    for (const format of formats) {
      const { status, body } = await call({ url: `${url}/credentials?format=${format}`, headers });
      if (status !== 200) told.push(body);
      if (format === 'json') keepCredentials(cloud, JSON.parse(body) as ServedCredentials);
    }
    const { body } = await call({ url: `${url}/token`, headers });
    keepJws(`a token of /v1 for ${cloud}`, (JSON.parse(body) as { access_token: string }).access_token);
    await sojourn.admin.post(`/connections/${customer[cloud].id}/verify`);
    const chosen = await call({
      method: 'POST',
      url: `${url}/credentials`,
      headers,
      body: { role_arn: api },
    });
    told.push(chosen.body);
  }
}

/** The id of an AWS key is none: it stands in the customer's own logs. */
function keepCredentials(cloud: string, { credentials }: ServedCredentials): void {
  for (const name of ['secret_access_key', 'session_token', 'access_token'])
    if (credentials[name]) secrets.set(`${name} of ${cloud}`, credentials[name]);
}

/** Each cloud out of order in every way, met past the cache. */
async function troubledClouds(): Promise<void> {
  const headers = { authorization: `Bearer ${secrets.get('the API token')}` };
  const change = {
    aws: { duration_seconds: 1800 },
    azure: { scope: 'https://graph.microsoft.com/.default' },
    gcp: { lifetime_seconds: 1800 },
  };
  const set = (cloud: string, fault: object) =>
    call({ method: 'PUT', url: `${sandbox}/sandbox/faults`, body: { cloud, ...fault } });
  for (const cloud of clouds) {
    const { id } = customer[cloud];
    await sojourn.admin.patch(`/connections/${id}`, { target: change[cloud] });
    for (const fault of [
      { status: 400 },
      { status: 403 },
      { status: 429 },
      { status: 500 },
      { outage: true },
    ]) {
      expect((await set(cloud, fault)).status).toBe(200);
      const answer = await call({ url: `${sojourn.origin}/v1/connections/${id}/credentials`, headers });
      expect(answer.status).toBeGreaterThanOrEqual(500);
      told.push(answer.body, JSON.stringify(await sojourn.admin.post(`/connections/${id}/verify`)));
    }
    await set(cloud, {});
  }
}

async function badTraffic(): Promise<void> {
  const { origin, adminOrigin } = sojourn;
  const secret = withSecret(client);
  const text = new URLSearchParams(secret).toString();
  const form = 'application/x-www-form-urlencoded';
  const post = async (
    path: string,
    body: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string>,
  ) => {
    const answer = await fetch(path, { method: 'POST', body, headers });
    told.push(await answer.text());
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
  };
  const token = `${origin}/token`;

  await post(`${token}?${text}`, text, { 'content-type': form });
  await post(`${origin}/jwks?${text}`, text, { 'content-type': form });
  for (const type of ['application/json', 'text/plain', 'multipart/form-data', 'x', ''])
    await post(token, JSON.stringify(secret), { 'content-type': type });
  await post(token, `${text}&pad=${'x'.repeat(20_000)}`, { 'content-type': form });
  await post(token, Uint8Array.from(gzipSync(text)), { 'content-type': form, 'content-encoding': 'gzip' });
  const many = Array.from({ length: 9_000 }, (_, number) => `p${number}=`).join('&');
  await post(token, `${text}&${many}`, { 'content-type': form });
  await post(token, `${text}&${Array(60).fill(`x=${client.client_secret}`).join('&')}`, {
    'content-type': form,
  });
  await post(token, `${text}&${client.client_secret}=a&${client.client_secret}=b`, { 'content-type': form });
  await post(token, `${text}&scope=${client.client_secret}`, { 'content-type': form });
  await post(token, `${text}&resource=${client.client_secret}`, { 'content-type': form });
  await post(token, `${text}&resource=urn:sojourn:connection:${client.client_secret}`, {
    'content-type': form,
  });
  await post(
    token,
    `client_id=${client.client_secret}&client_secret=${client.client_id}&grant_type=client_credentials`,
    { 'content-type': form },
  );
  await post(token, text.replace('client_credentials', client.client_secret), { 'content-type': form });
  await post(token, text, {
    'content-type': form,
    authorization: `Basic ${secrets.get('the client secret as Basic has it')}x`,
  });
  await post(token, 'grant_type=client_credentials', {
    'content-type': form,
    authorization: `Bearer ${secrets.get('the API token')}`,
  });

  const now = Math.floor(Date.now() / 1000);
  for (const [name, claims] of Object.entries({
    'a late assertion': { exp: now - 600 },
    'an assertion for another': { aud: 'https://other.example' },
    'an assertion without a jti': { jti: undefined },
    'an assertion of another': { iss: 'cli_other' },
  })) {
    told.push(JSON.stringify(await askToken(origin, withAssertion(await assertion(name, claims)))));
  }
  const good = await assertion('an assertion that is then broken');
  for (const broken of [`${good}x`, good.slice(0, -1), `${good}.${good}`, good.replaceAll('.', '')])
    told.push(JSON.stringify(await askToken(origin, withAssertion(broken))));
  told.push(JSON.stringify(await askToken(origin, { ...withAssertion(good), client_assertion_type: good })));
  const replayed = withAssertion(await assertion('an assertion sent twice'));
  await askToken(origin, { ...replayed, resource: 'urn:sojourn:api' });
  told.push(JSON.stringify(await askToken(origin, { ...replayed, resource: 'urn:sojourn:api' })));

  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  secrets.set('the private key of a client', String(jwk.d));
  const admin = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' };
  const auth = { method: 'private_key_jwt', jwks: { keys: [jwk] } };
  await post(`${adminOrigin}/admin/v1/clients`, JSON.stringify({ name: 'x', auth, may_use: [] }), admin);
  await post(`${adminOrigin}/admin/v1/clients`, `{"name":"${client.client_secret}`, admin);
  await post(
    `${adminOrigin}/admin/v1/clients`,
    JSON.stringify({ [client.client_secret]: client.client_secret }),
    admin,
  );
  await post(`${adminOrigin}/admin/v1/tenants?token=${adminToken}`, '{}', {
    'content-type': 'application/json',
  });
  await post(`${adminOrigin}/admin/v1/${adminToken}`, '{}', admin);
  await post(`${adminOrigin}/admin/v1/tenants`, '{}', { authorization: `Basic ${adminToken}` });
  await post(`${adminOrigin}/admin/v1/tenants`, '{}', {
    authorization: `Bearer ${secrets.get('the API token')}`,
  });
  for (const authorization of ['the admin token', 'a token for aws', 'the client secret'].map(
    (name) => `Bearer ${secrets.get(name)}`,
  ))
    await post(`${origin}/v1/connections/${customer.aws.id}/credentials`, '{}', { authorization });
  const misplaced = secrets.get('the API token') ?? '';
  const atOwn = { authorization: `Bearer ${misplaced}` };
  for (const path of ['token', 'credentials', `credentials?format=${misplaced}`, `token?${misplaced}=1`])
    told.push((await call({ url: `${origin}/v1/connections/${misplaced}/${path}`, headers: atOwn })).body);
  await post(`${origin}/v1/connections/${secrets.get('the API token')}/token`, '{}', {
    authorization: `Bearer ${secrets.get('the API token')}`,
  });

  const head = `POST /token HTTP/1.1\r\nHost: a\r\nContent-Type: ${form}\r\n`;
  for (const raw of [
    `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${text}`,
    `${head}X-Secret: ${client.client_secret.repeat(300)}\r\n\r\n`,
    `${head}Content-Length: 10\r\nConnection: close\r\n\r\n${text}`,
    `${text}\r\n\r\n`,
    `POST /token?${text} HTTP/9.9\r\n\r\n`,
  ])
    told.push(bodyOf(await sendRaw(origin, raw)));
}

test('a server at debug level reveals no secret of valid and malformed requests, and keeps running', async () => {
  const keys = await sojourn.admin.get('/keys');
  await goodTraffic();
  await badTraffic();
  await troubledClouds();

  const { status } = await askToken(sojourn.issuer, withSecret(client, customer.gcp));
  expect(status).toBe(200);
  expect(process.kill(sojourn.pid, 0)).toBe(true);
  expect(await sojourn.admin.get('/keys')).toEqual(keys);
  const audit = await sojourn.admin.file('/audit?limit=200');
  const metrics = (await call({ url: `${sojourn.adminOrigin}/metrics` })).body;
  const ring = JSON.parse(await readFile(join(folder, 'keys/ring.json'), 'utf8')) as {
    keys: { kid: string; sealed: string }[];
  };
  for (const { kid, sealed } of ring.keys) secrets.set(`the sealed key ${kid}`, sealed);
  expect(await sojourn.stop('SIGTERM')).toEqual({ code: 0, signal: null });

  // What is looked through is really what was said, and what is looked for is really there to be found.
  const output = sojourn.output();
  for (const line of ['token.issued', 'token.refused', 'exchange.succeeded', 'api.refused', 'admin.refused'])
    expect(output).toContain(`"event":"${line}"`);
  for (const code of ['cloud_throttled', 'cloud_unavailable']) expect(output).toContain(`"code":"${code}"`);
  for (const id of [client.client_id, keyed.client_id, customer.aws.id]) expect(output).toContain(id);
  expect(output).toContain('oidc-provider');
  expect(secrets.size).toBeGreaterThan(30);
  for (const [name, secret] of secrets) expect(`${name}: ${secret.length >= 32}`).toBe(`${name}: true`);

  const places = { output, audit, metrics, answers: told.join('\n') };
  const found = Object.entries(places).flatMap(([place, content]) =>
    [...secrets].filter(([, secret]) => content.includes(secret)).map(([name]) => `${name} in ${place}`),
  );
  expect(found).toEqual([]);
  // Also tokens that the server has made and that nobody else has seen, and keys of any kind.
  for (const content of Object.values(places))
    expect(content).not.toMatch(/eyJ[\w-]+\.eyJ[\w-]+\.[\w-]{40,}/);
  expect(output).not.toMatch(/"d":"[\w-]{40,}|PRIVATE KEY/);
}, 180_000);
