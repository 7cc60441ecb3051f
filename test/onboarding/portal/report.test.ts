import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import * as aws from '../../../src/sandbox/demo/customer/aws.ts';
import * as gcp from '../../../src/sandbox/demo/customer/gcp.ts';
import { call } from '../../../src/sandbox/demo/http.ts';
import { type Cloud, type Invited, openStage, type Stage } from './stage.ts';

let stage: Stage;
let clock = 0;
beforeAll(async () => {
  stage = await openStage({ now: () => Date.now() + clock });
});
afterAll(() => stage.close());
// Each customer has an account of its own.
afterEach(() => {
  clock = 0;
  return stage.reset();
});

/** For us and for the clouds. A change of IAM may take 15 seconds to be known: until then a refusal is no verdict. */
async function later(seconds: number): Promise<void> {
  clock = seconds * 1000;
  await call({ method: 'PUT', url: `${stage.sandbox}/sandbox/clock`, body: { offset_seconds: seconds } });
}

async function report({ invitation }: Invited, body: unknown, more: Record<string, string> = {}) {
  const answer = await call({ method: 'POST', url: `${invitation.url}/report`, body, headers: more });
  return { status: answer.status, body: JSON.parse(answer.body) as Record<string, unknown> };
}
const show = ({ connection }: Invited) =>
  stage.server.admin.get<{ state: string; target: Record<string, unknown> }>(`/connections/${connection.id}`);
const pageOf = async ({ invitation }: Invited) => (await call({ url: invitation.url })).body;
/** How often the sandbox was asked for credentials. */
async function visits(): Promise<number> {
  const { entries } = JSON.parse((await call({ url: `${stage.sandbox}/sandbox/log` })).body) as {
    entries: { operation: string }[];
  };
  return entries.filter(({ operation }) => /AssumeRoleWithWebIdentity|token/i.test(operation)).length;
}
const active = { status: 200, body: { state: 'active', checks: expect.any(Array) } };

test("a report of the vendor's shared application with another customer's directory changes nothing and is not the one report", async () => {
  const victim = '11111111-2222-4333-8444-555555555555';
  const client_id = '66666666-7777-4888-9999-000000000000';
  const consent_redirect_uri = 'https://app.example.com/consented';
  await stage.invite('azure', { target: { tenant_id: victim, client_id, consent_redirect_uri } });
  const invited = await stage.invite('azure');
  const before = await show(invited);
  const asked = await visits();
  expect(await report(invited, { tenant_id: victim, client_id })).toMatchObject({
    status: 400,
    body: {
      code: 'invalid_request',
      errors: [
        {
          field: 'client_id',
          message:
            'is an application of the vendor. Report the identity that the set-up created in your account',
        },
      ],
    },
  });
  expect(await show(invited)).toEqual(before);
  expect(await visits()).toBe(asked);
  expect(await report(invited, await stage.setUp('azure', invited))).toEqual(active);
});

test('a connection to which a report gave an application that became shared later is never active', async () => {
  const invited = await stage.invite('azure');
  const { tenant_id = '', client_id = '' } = await stage.setUp('azure', invited);
  const { admin } = stage.server;
  await admin.patch(`/connections/${invited.connection.id}`, { target: { tenant_id, client_id } });
  const consent_redirect_uri = 'https://app.example.com/consented';
  await stage.invite('azure', { target: { tenant_id, client_id, consent_redirect_uri } });
  const asked = await visits();
  expect(await admin.post(`/connections/${invited.connection.id}/verify`)).toMatchObject({
    verdict: 'failing',
    checks: [
      { name: 'target', outcome: 'failed', condition: 'shared_principal' },
      { name: 'exchange', outcome: 'skipped' },
    ],
  });
  expect((await stage.token(invited.connection)).body).toMatchObject({
    error: 'invalid_target',
    error_description: expect.stringContaining('an application that customers share'),
  });
  expect(await visits()).toBe(asked);
});

describe.each<Cloud>(['aws', 'azure', 'gcp'])('a report of %s', (cloud) => {
  test('is confirmed by a real exchange, activates the connection, and is visible to both sides', async () => {
    const invited = await stage.invite(cloud);
    const fields = await stage.setUp(cloud, invited);
    expect((await show(invited)).state).toBe('pending');
    expect(await report(invited, fields)).toEqual(active);
    expect(await show(invited)).toMatchObject({ state: 'active', target: fields });
    expect(await visits()).toBeGreaterThan(0);
    const said = { actor: 'customer', connection: invited.connection.id, source_ip: '127.0.0.1' };
    expect(await stage.audit(invited.connection, 'connection.setup_reported')).toEqual([
      expect.objectContaining({ ...said, facts: { invitation: invited.invitation.id, ...fields } }),
    ]);
    expect(await stage.audit(invited.connection, 'connection.verified')).toEqual([
      expect.objectContaining({ ...said, facts: { invitation: invited.invitation.id, verdict: 'active' } }),
    ]);
    expect(await pageOf(invited)).toContain('Your cloud accepted a fresh token of Example Corp');
    expect((await stage.token(invited.connection)).status).toBe(200);
  });
});

describe('the same invitation', () => {
  test('accepts the same report again and refuses a different one', async () => {
    const invited = await stage.invite();
    const fields = await stage.setUp('aws', invited);
    const first = await report(invited, fields);
    const before = await visits();
    expect(await report(invited, fields)).toEqual(first);
    // Nothing new to find out about an access that works.
    expect(await visits()).toBe(before);
    const other = { role_arn: 'arn:aws:iam::999988887777:role/other' };
    const refused = {
      status: 409,
      body: expect.objectContaining({
        code: 'setup_already_reported',
        detail: 'This invitation has already sent a different set-up report; each invitation reports once.',
      }),
    };
    expect(await report(invited, other)).toEqual(refused);
    expect(await show(invited)).toMatchObject({ state: 'active', target: fields });
    expect(await stage.audit(invited.connection, 'connection.setup_report_refused')).toEqual([
      expect.objectContaining({
        outcome: 'refused',
        reason: 'setup_already_reported',
        facts: { invitation: invited.invitation.id, ...other },
      }),
    ]);
  });

  test('accepts one of many concurrent reports', async () => {
    const invited = await stage.invite();
    const roles = Array.from({ length: 8 }, (_, at) => `arn:aws:iam::11112222333${at}:role/r`);
    const answers = await Promise.all(roles.map((role_arn) => report(invited, { role_arn })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.code === 'setup_already_reported')).toHaveLength(7);
    const winner = answers.findIndex(({ status }) => status === 200);
    expect((await show(invited)).target.role_arn).toBe(roles[winner]);
  });

  test('answers ten concurrent identical reports alike', async () => {
    const invited = await stage.invite();
    const fields = await stage.setUp('aws', invited);
    const answers = await Promise.all(Array.from({ length: 10 }, () => report(invited, fields)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    expect((await show(invited)).state).toBe('active');
    expect(await stage.audit(invited.connection, 'connection.setup_reported')).not.toEqual([]);
  });
});

test("a report with another account's ids fails at the cloud, and both sides see it", async () => {
  const invited = await stage.invite();
  await stage.setUp('aws', invited);
  const role_arn = 'arn:aws:iam::999988887777:role/vendor';
  const answer = await report(invited, { role_arn });
  expect(answer).toEqual({ status: 200, body: { state: 'pending', checks: expect.any(Array) } });
  expect(await pageOf(invited)).toContain('Being checked');
  await later(20);
  expect((await report(invited, { role_arn })).body.state).toBe('failing');
  expect((await show(invited)).state).toBe('failing');
  const [line] = await stage.audit(invited.connection, 'connection.verified');
  expect(line).toMatchObject({ facts: { verdict: 'failing' }, reason: expect.stringContaining('cloud_') });
  const page = await pageOf(invited);
  expect(page).toContain('your cloud refused the token of Example Corp');
  expect(page).toContain('cloud_');
  expect((await stage.token(invited.connection)).body).not.toHaveProperty('refresh_token');
});

describe('a refused report changes nothing:', () => {
  test.each<[Cloud, unknown, string]>([
    ['aws', {}, 'role_arn'],
    ['aws', { role_arn: '' }, 'role_arn'],
    ['aws', { role_arn: 'arn:aws:iam::111122223333:role/*' }, 'role_arn'],
    ['aws', { role_arn: 'arn:aws-cn:iam::111122223333:role/r' }, 'region'],
    ['aws', { role_arn: ['arn:aws:iam::111122223333:role/r'] }, 'role_arn'],
    ['aws', { role_arn: 'arn:aws:iam::111122223333:role/r', session_policy: '{}' }, 'session_policy'],
    ['aws', { role_arn: 'arn:aws:iam::111122223333:role/r', region: 'eu-west-1' }, 'region'],
    ['aws', { role_arn: 'arn:aws:iam::111122223333:role/r', tenant: 'ten_x' }, 'tenant'],
    ['azure', { tenant_id: 'acme.onmicrosoft.com', client_id: 'x' }, 'tenant_id'],
    ['azure', { tenant_id: '11111111-2222-4333-8444-555555555555' }, 'client_id'],
    ['gcp', { project_number: 'acme', pool_id: gcp.pool, provider_id: gcp.providerId }, 'project_number'],
    ['gcp', { project_number: '1', pool_id: gcp.pool, provider_id: gcp.providerId, scopes: 'x' }, 'scopes'],
    ['aws', [], 'body'],
    ['aws', 'role_arn', 'body'],
  ])('%s %j', async (cloud, body, field) => {
    const invited = await stage.invite(cloud);
    const before = await show(invited);
    const answer = await report(invited, body);
    expect(answer).toEqual({ status: 400, body: expect.objectContaining({ code: 'invalid_request' }) });
    expect(answer.body.errors).toContainEqual({ field, message: expect.any(String) });
    expect(await show(invited)).toEqual(before);
    expect((await stage.audit(invited.connection)).map(({ event }) => event)).toEqual([
      'invitation.created',
      'connection.created',
    ]);
    // The invitation is still good for the right one.
    const fields = await stage.setUp(cloud, invited);
    expect(await report(invited, fields)).toEqual(active);
  });

  test('the connection has been active before, with any invitation', async () => {
    const invited = await stage.invite();
    await report(invited, await stage.setUp('aws', invited));
    const before = await show(invited);
    const second = await stage.server.admin.post<Invited['invitation']>(
      `/connections/${invited.connection.id}/invitations`,
    );
    const again = { connection: invited.connection, invitation: second };
    const role_arn = 'arn:aws:iam::999988887777:role/attacker';
    const refused = { status: 409, body: expect.objectContaining({ code: 'target_locked' }) };
    expect(await report(again, { role_arn })).toEqual(refused);
    // Nor while it fails, after the customer took the role away.
    await call({ method: 'POST', url: `${stage.sandbox}/sandbox/reset` });
    await stage.server.admin.post(`/connections/${invited.connection.id}/verify`);
    await later(70);
    await stage.server.admin.post(`/connections/${invited.connection.id}/verify`);
    expect((await show(invited)).state).toBe('failing');
    expect(await report(again, { role_arn })).toEqual(refused);
    expect((await show(invited)).target).toEqual(before.target);
    // Nor after an administrator has changed the target, which makes it pending again.
    await stage.server.admin.patch(`/connections/${invited.connection.id}`, {
      target: { region: 'eu-west-1' },
    });
    expect(await report(again, { role_arn })).toEqual(refused);
  });

  test('a body over 16 KB, a duplicate field, and an unknown content type', async () => {
    const invited = await stage.invite();
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const send = async (body: string, headers: Record<string, string> = form) =>
      (await fetch(`${invited.invitation.url}/report`, { method: 'POST', headers, body })).status;
    expect([
      await send(`role_arn=${'x'.repeat(17_000)}`),
      await send('role_arn=arn:aws:iam::111122223333:role/a&role_arn=arn:aws:iam::111122223333:role/b'),
      await send('role_arn=x', { 'content-type': 'text/plain' }),
      await send('{"role_arn":', { 'content-type': 'application/json' }),
    ]).toEqual([413, 400, 415, 400]);
    expect((await show(invited)).state).toBe('pending');
  });
});

test('repeating a report checks a repaired set-up again, at most every five seconds', async () => {
  const invited = await stage.invite();
  const role_arn = 'arn:aws:iam::111122223333:role/sojourn-acme';
  const refused = await report(invited, { role_arn });
  expect(refused.body.state).toBe('pending');
  // Under the name that was reported.
  const template = JSON.parse(
    (await call({ url: `${invited.invitation.url}/files/cloudformation.json` })).body,
  );
  template.Parameters.RoleName.Default = 'sojourn-acme';
  await aws.applyTemplate(`${stage.sandbox}/aws`, JSON.stringify(template));
  const before = await visits();
  expect(await report(invited, { role_arn })).toEqual(refused);
  expect(await visits()).toBe(before);
  await later(5);
  expect(await report(invited, { role_arn })).toEqual(active);
  expect((await show(invited)).state).toBe('active');
  expect(await stage.audit(invited.connection, 'connection.setup_reported')).toHaveLength(1);
});

describe('a report while another one is being verified', () => {
  test.each<[Cloud, Record<string, string>]>([
    ['aws', { role_arn: 'arn:aws:iam::111122223333:role/wrong' }],
    ['gcp', { provider_id: 'wrong-provider' }],
  ])('for %s gets its own result, which is final', async (cloud, slip) => {
    const first = await stage.invite(cloud);
    const second: Invited = {
      connection: first.connection,
      invitation: await stage.server.admin.post(`/connections/${first.connection.id}/invitations`),
    };
    const right = await stage.setUp(cloud, first);
    const faults = (delay_ms: number) =>
      call({ method: 'PUT', url: `${stage.sandbox}/sandbox/faults`, body: { cloud, delay_ms } });
    const before = (await show(first)).target;
    await faults(1_000);
    const wrong = report(first, { ...right, ...slip });
    do await new Promise((resolve) => setTimeout(resolve, 100));
    while (isDeepStrictEqual((await show(first)).target, before));
    await faults(0);
    expect(await report(second, right)).toEqual(active);
    const failing = {
      state: 'failing',
      checks: expect.arrayContaining([
        expect.objectContaining({ name: 'exchange', outcome: cloud === 'aws' ? 'propagating' : 'failed' }),
      ]),
    };
    expect((await wrong).body).toEqual(failing);
    // Nor later, when the other one's values have been found good.
    expect((await report(first, { ...right, ...slip })).body).toEqual(failing);
    expect(await show(first)).toMatchObject({ state: 'active', target: right });
    expect(await stage.server.admin.get(`/connections/${first.connection.id}/verification`)).toMatchObject({
      verification: { verdict: 'active', state: 'active', retry_at: null },
    });
    expect(await pageOf(second)).toContain('Your cloud accepted a fresh token of Example Corp');
  });
});

describe('a report that would make a purpose of the connection too broad', () => {
  const purposes = { read: { policy_arns: ['arn:aws:iam::999900001111:policy/read'] } };
  const fault = {
    field: 'purposes.read',
    message:
      'does not match the reported values. Report the values of the expected account, or ask the sender of the invitation to change this purpose',
  };
  const narrowed = async () => {
    const invited = await stage.invite();
    await stage.server.admin.patch(`/connections/${invited.connection.id}`, { purposes });
    return invited;
  };

  test('is refused without naming another account, and the invitation can still report', async () => {
    const invited = await narrowed();
    const before = await show(invited);
    const answer = await report(invited, { role_arn: 'arn:aws:iam::111122223333:role/r' });
    expect(answer).toEqual({ status: 400, body: expect.objectContaining({ errors: [fault] }) });
    expect(JSON.stringify(answer.body)).not.toContain('999900001111');
    expect(await show(invited)).toEqual(before);
    const events = (await stage.audit(invited.connection)).map(({ event }) => event);
    expect(events.filter((event) => /reported|exchange/.test(String(event)))).toEqual([]);
    // One that goes with it is still taken, and the connection can be changed as before.
    const role_arn = 'arn:aws:iam::999900001111:role/r';
    expect((await report(invited, { role_arn })).status).toBe(200);
    expect(
      await stage.server.admin.patch(`/connections/${invited.connection.id}`, { name: 'other' }),
    ).toMatchObject({ name: 'other', purposes, target: { role_arn } });
  });

  test('is shown as an error on the page', async () => {
    const { invitation } = await narrowed();
    const body = new URLSearchParams({ role_arn: 'arn:aws:iam::111122223333:role/r' });
    const answer = await fetch(`${invitation.url}/report`, { method: 'POST', body });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(`${fault.field} ${fault.message}.`);
  });
});

describe('an optional field', () => {
  test('is removed when it is sent empty; repeating the report with or without it changes nothing', async () => {
    const invited = await stage.invite('gcp');
    const { service_account: _, ...others } = await stage.setUp('gcp', invited);
    const answer = await report(invited, { ...others, service_account: ' ' });
    expect(answer.status).toBe(200);
    const { target } = await show(invited);
    expect(target).toMatchObject(others);
    expect(target).not.toHaveProperty('service_account');
    const said = { facts: { invitation: invited.invitation.id, ...others, service_account: null } };
    expect(await stage.audit(invited.connection, 'connection.setup_reported')).toEqual([
      expect.objectContaining(said),
    ]);
    for (const same of [{ ...others, service_account: '' }, others])
      expect((await report(invited, same)).status).toBe(200);
    const other = { ...others, service_account: gcp.serviceAccount };
    expect((await report(invited, other)).body.code).toBe('setup_already_reported');
    expect((await show(invited)).target).toEqual(target);
  });

  test('stays when it is omitted', async () => {
    const invited = await stage.invite('gcp');
    const { service_account, ...others } = await stage.setUp('gcp', invited);
    expect((await report(invited, others)).status).toBe(200);
    expect((await show(invited)).target).toMatchObject({ service_account });
    expect((await report(invited, { ...others, service_account: '' })).body.code).toBe(
      'setup_already_reported',
    );
  });
});

test('the button "Try again" sends exactly the reported fields', async () => {
  const invited = await stage.invite('gcp');
  const { service_account: _, ...others } = await stage.setUp('gcp', invited);
  await call({ method: 'POST', url: `${stage.sandbox}/sandbox/reset` });
  expect((await report(invited, others)).body.state).toBe('failing');
  const page = await pageOf(invited);
  const fields = [...page.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)];
  expect(Object.fromEntries(fields.map(([, name, value]) => [name, value]))).toEqual(others);
});

test('repeating a report after the access was lost verifies it again and returns the current result', async () => {
  const invited = await stage.invite();
  const fields = await stage.setUp('aws', invited);
  expect(await report(invited, fields)).toEqual(active);
  await call({ method: 'POST', url: `${stage.sandbox}/sandbox/reset` });
  await later(20);
  await stage.server.admin.post(`/connections/${invited.connection.id}/verify`);
  await later(90);
  await stage.server.admin.post(`/connections/${invited.connection.id}/verify`);
  expect((await show(invited)).state).toBe('failing');
  const before = await visits();
  const failing = { status: 200, body: { state: 'failing', checks: expect.any(Array) } };
  expect(await report(invited, fields)).toEqual(failing);
  expect(await visits()).toBeGreaterThan(before);
  expect(await pageOf(invited)).toContain('your cloud refused the latest token of Example Corp');

  expect(await stage.setUp('aws', invited)).toEqual(fields);
  await later(110);
  expect(await report(invited, fields)).toEqual(active);
  expect((await show(invited)).state).toBe('active');
  expect(await stage.audit(invited.connection, 'connection.setup_reported')).toHaveLength(1);
});

test('the form of the page reports, redirects to the page, and keeps the entered values after an error', async () => {
  const invited = await stage.invite();
  const { url } = invited.invitation;
  const send = (role_arn: string) =>
    fetch(`${url}/report`, { method: 'POST', redirect: 'manual', body: new URLSearchParams({ role_arn }) });
  const wrong = await send('"><script>alert(1)</script>');
  expect(wrong.status).toBe(400);
  const page = await wrong.text();
  expect(page).toContain('value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"');
  expect(page).toContain('Nothing was saved.');
  expect(page).toMatch(/aria-invalid="true"/);
  const unfit = await (await send('arn:aws-cn:iam::111122223333:role/r')).text();
  expect(unfit).toContain('region must be a region of the partition that role_arn names.');
  const { role_arn = '' } = await stage.setUp('aws', invited);
  const done = await send(` ${role_arn}\n`);
  expect([done.status, done.headers.get('location'), await done.text()]).toEqual([303, url, '']);
  expect((await show(invited)).state).toBe('active');
});

test('the log contains no values of reports or links', async () => {
  const invited = await stage.invite();
  await report(invited, await stage.setUp('aws', invited));
  const secret = invited.invitation.url.split('/').at(-1)!;
  expect(stage.server.logged()).toContain('connection.setup_reported');
  expect(stage.server.logged()).not.toContain(secret);
  expect(stage.server.logged()).not.toMatch(/eyJ[\w-]+\.[\w-]/);
});
