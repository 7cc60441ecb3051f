/** The outage budget: if the server stopped now, which client would be the first without credentials, and when? */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type FakeCloud, json, startFakeCloud } from '../../clouds/fake-cloud.ts';
import { azurePass } from '../../clouds/outside.ts';
import { moment } from '../../server/http/ask.ts';
import { openPipeline, type Pipeline } from './pipeline.ts';

const minute = 60_000;
const hour = 60 * minute;

let cloud: FakeCloud;
let ahead: number;
let pipeline: Pipeline;

beforeEach(async () => {
  cloud = await startFakeCloud();
  cloud.answers = [json(200, { ...azurePass, expires_in: 3600 })];
  ahead = 0;
  pipeline = await openPipeline({
    now: () => Date.now() + ahead,
    config: {
      clouds: { azure: { authority_host: cloud.origin } },
      tokens: { ttl: '1h' },
      keys: { stale_after: '1d' },
    },
  });
}, 60_000);
afterEach(async () => {
  await pipeline.close();
  await cloud.close();
});

const guid = (digit: string) => `${digit.repeat(8)}-1111-4111-8111-111111111111`;
const connect = (digit: string) =>
  pipeline.connect('azure', { tenant_id: guid(digit), client_id: guid(digit) });

interface InUse {
  readonly connection: string;
  readonly remaining_seconds: number;
}
interface Budget {
  readonly in_use: number;
  readonly first_failure: InUse | null;
  readonly items: readonly InUse[];
}
const budget = () => pipeline.admin.get<Budget>('/outage');
/** Tolerates the time that passes during the test. */
const closeToSeconds = (seconds: number) => expect.closeTo(seconds, -1.5);

const gauge = async () => {
  const { adminOrigin, adminToken } = pipeline.server;
  const answer = await fetch(`${adminOrigin}/metrics`, {
    headers: { authorization: `Bearer ${adminToken}` },
  });
  return Number(/^sojourn_outage_budget_seconds (.+)$/m.exec(await answer.text())?.[1]);
};

test('the outage budget is empty while no credentials are in use', async () => {
  expect(await budget()).toEqual({ in_use: 0, first_failure: null, items: [] });
  expect(await gauge()).toBeNaN();
});

test('the outage budget is the remaining lifetime of the credentials that expire first, and a refresh extends it', async () => {
  const [early, late] = [await connect('1'), await connect('2')];
  await pipeline.credentials(early.id);
  ahead = 20 * minute;
  await pipeline.credentials(late.id);
  await pipeline.credentials(late.id);
  const first = {
    client: pipeline.client.client_id,
    connection: early.id,
    tenant: pipeline.tenant.id,
    purpose: null,
    first_served_at: moment,
    expires_at: moment,
    remaining_seconds: closeToSeconds(40 * 60),
  };
  const second = { ...first, connection: late.id, remaining_seconds: closeToSeconds(60 * 60) };
  expect(await budget()).toEqual({ in_use: 2, first_failure: first, items: [first, second] });
  expect(await gauge()).toEqual(closeToSeconds(40 * 60));

  ahead = 56 * minute;
  await pipeline.credentials(early.id);
  expect((await budget()).items).toEqual([
    { ...second, remaining_seconds: closeToSeconds(24 * 60) },
    { ...first, remaining_seconds: closeToSeconds(60 * 60) },
  ]);
});

test('the outage budget ignores credentials that were not refreshed in time', async () => {
  const { id } = await connect('1');
  await pipeline.credentials(id);
  ahead = hour - 6 * minute;
  expect((await budget()).in_use).toBe(1);
  ahead = hour - 4 * minute;
  expect(await budget()).toEqual({ in_use: 0, first_failure: null, items: [] });
});

test('the outage budget ignores a refused exchange', async () => {
  const { id } = await connect('1');
  cloud.answers = [
    json(401, { error: 'invalid_client', error_description: 'AADSTS700213: No.', error_codes: [700213] }),
  ];
  expect((await pipeline.credentials(id)).status).toBe(502);
  expect((await budget()).in_use).toBe(0);
});

test.each([
  ['yaml', 'must be one of json, aws-process, aws-container, env, gcp, azure, exec-credential, delivery'],
  ['aws-process', 'cannot be aws-process for a connection to azure'],
  ['gcp', 'cannot be gcp for a connection to azure'],
])(
  'a request for the format %s is refused without an exchange, an audit line or an entry in the outage budget',
  async (format, message) => {
    const { id } = await connect('1');
    const before = await pipeline.audit(`connection=${id}`);
    expect(await pipeline.ask(`${id}/credentials?format=${format}`)).toEqual({
      status: 400,
      retryAfter: null,
      body: {
        type: 'urn:sojourn:error:invalid_request',
        title: 'Bad Request',
        status: 400,
        code: 'invalid_request',
        detail: `format: ${message}`,
        advice: 'Correct the fields that the detail names, then send the request again.',
        errors: [{ field: 'format', message }],
        request_id: expect.any(String),
      },
    });
    expect(cloud.asked).toEqual([]);
    expect(await pipeline.audit(`connection=${id}`)).toEqual(before);
    expect(await budget()).toEqual({ in_use: 0, first_failure: null, items: [] });
  },
);
