/** The preset rabbitmq with a real broker: the token is the password, and its scope has the permissions. */
import { afterAll, beforeAll, expect } from '@jest/globals';
import { freePort } from '../../../src/sandbox/demo/local-server.ts';
import { testWithClients } from '../../support/clients.ts';
import { areUsable } from '../../support/programs.ts';
import { type RabbitMq, rabbitMqPrograms, startRabbitMq } from '../../support/rabbitmq.ts';
import type { TestConnection } from '../../support/server.ts';
import { startTestIssuer, type TestIssuer } from '../../support/test-issuer.ts';
import { execModule } from './exec.ts';
import { openPipeline, type Pipeline } from './pipeline.ts';
import { startTlsFront, type TlsFront } from './tls-front.ts';

const test = testWithClients(['amqplib'], rabbitMqPrograms);
const resource = 'rabbit';

let front: TestIssuer;
let tls: TlsFront;
let broker: RabbitMq;
let pipeline: Pipeline;
let port: number;
let management: number;
let connection: TestConnection;
beforeAll(async () => {
  if (!areUsable(rabbitMqPrograms)) return;
  [port, management] = [await freePort(), await freePort()];
  front = await startTestIssuer();
  pipeline = await openPipeline({
    front,
    config: { presets: { endpoints: { rabbitmq: `http://127.0.0.1:${management}` } } },
  });
  const { keys } = (await (await fetch(`${pipeline.base}/jwks`)).json()) as TestIssuer['jwks'];
  front.jwks.keys.push(...keys);
  tls = await startTlsFront({ localhost: front.issuer });
  connection = await connect(resource);
  const file = await pipeline.admin.file(`/connections/${connection.id}/setup/rabbitmq-3.10.conf`);
  broker = await startRabbitMq({
    port,
    management,
    // The broker demands https.
    settings: `${file.replace(front.issuer, `https://localhost:${tls.port}`)}\nauth_oauth2.https.cacertfile = ${tls.authorityFile}\n`,
  });
}, 120_000);
afterAll(async () => {
  await broker?.stop();
  await pipeline?.close();
  await tls?.close();
  await front?.close();
});

const permissions = ['configure:%2F/orders', 'read:%2F/orders', 'write:%2F/amq.default', 'tag:management'];

const connect = (resource_server_id: string, granted = permissions) =>
  pipeline.connect('rabbitmq', {
    host: `127.0.0.1:${port}`,
    resource_server_id,
    permissions: granted.map((permission) => `${resource}.${permission}`).join(' '),
    management: 'https://rabbit.example',
  });

/** Signs in with the variables of the preset, runs the source with `channel`, and prints its result or the refusal. */
async function amqp(id: string, source: string, token?: string): Promise<string> {
  const { code, out, err } = await execModule(
    pipeline,
    [id],
    `import amqp from 'amqplib';
     const { RABBITMQ_HOST, RABBITMQ_USERNAME: username, RABBITMQ_PASSWORD } = process.env;
     const [hostname, port] = RABBITMQ_HOST.split(':');
     const password = ${JSON.stringify(token)} ?? RABBITMQ_PASSWORD;
     const refusal = ({ message }) => message;
     let broker;
     const work = async () => {
       broker = await amqp.connect({ hostname, port, username, password });
       const channel = await broker.createChannel();
       channel.on('error', () => {});
       ${source}
     };
     console.log(await work().catch(refusal));
     await broker?.close();`,
  );
  expect([code, err]).toEqual([
    0,
    'RabbitMQ clients read no variables. Pass the token as the password, and the token of the file when you connect again.\n',
  ]);
  return out.trim();
}

async function verify({ id }: TestConnection) {
  return await pipeline.admin.post<{
    state: string;
    checks: { name: string; outcome: string; detail: string }[];
  }>(`/connections/${id}/verify`);
}

const refused =
  'Handshake terminated by server: 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile."';

test('an AMQP client signs in with the token as password, and its scope gives the permissions', async () => {
  const out = await amqp(
    connection.id,
    `await channel.assertQueue('orders');
     channel.sendToQueue('orders', Buffer.from('one order'));
     let message;
     while (!(message = await channel.get('orders', { noAck: true })));
     const other = await channel.assertQueue('invoices').catch(refusal);
     return message.content + '; ' + other;`,
  );
  expect(out).toBe(
    `one order; Operation failed: QueueDeclare; 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - access to queue 'invoices' in vhost '/' refused for user '${connection.subject}'"`,
  );
});

test('RabbitMQ refuses the token for another resource server', async () => {
  const { id } = await connect('other');
  expect(await amqp(id, '')).toBe(refused);
});

test('RabbitMQ refuses an expired token', async () => {
  const now = Math.floor(Date.now() / 1000);
  const claims = { aud: resource, sub: 'test', scope: `${resource}.read:%2F/orders` };
  const sign = (exp: number) => front.sign({ ...claims, exp });
  expect([
    await amqp(connection.id, 'return "accepted";', await sign(now + 300)),
    await amqp(connection.id, 'return "accepted";', await sign(now - 1)),
  ]).toEqual(['accepted', refused]);
});

test('RabbitMQ does not check the subject', async () => {
  const exp = Math.floor(Date.now() / 1000) + 300;
  const scope = `${resource}.read:%2F/orders`;
  const token = await front.sign({ aud: resource, sub: 'another', scope, exp });
  expect(await amqp(connection.id, 'return "accepted";', token)).toBe('accepted');
});

test('a verification skips the wrong subjects, and activates the connection', async () => {
  const { state, checks } = await verify(connection);
  expect(state).toBe('active');
  expect(checks.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
    'target passed',
    'exchange passed',
    'identity passed',
    'probe_unknown_subject skipped',
    'probe_other_subject skipped',
    'probe_wrong_audience passed',
  ]);
});

test('a verification names the permission that the management API needs', async () => {
  const { checks } = await verify(await connect(resource, ['read:%2F/orders']));
  expect(checks.map(({ detail }) => detail)).toEqual([
    'Complete for rabbitmq.',
    'cloud_permission_denied: RabbitMQ accepts the token, but the check needs the permission tag:management of the resource server. The log of the broker names the cause. RabbitMQ says not_authorised: Not management user',
  ]);
});
