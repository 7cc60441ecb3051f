import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { call } from '../../../src/sandbox/demo/http.ts';
import { asking, plain } from '../../server/http/ask.ts';
import { type Invited, openStage, type Stage } from './stage.ts';

let stage: Stage;
let clock = 0;
let bearer: string;
beforeAll(async () => {
  stage = await openStage({ now: () => Date.now() + clock });
  bearer = await stage.bearer();
});
afterAll(() => stage.close());

async function connected(): Promise<Invited> {
  await stage.reset();
  const invited = await stage.invite();
  const body = await stage.setUp('aws', invited);
  await call({ method: 'POST', url: `${invited.invitation.url}/report`, body });
  return invited;
}
const press = async (url: string, name: string) => {
  const answer = await fetch(`${url}/${name}`, { method: 'POST', redirect: 'manual' });
  return { status: answer.status, location: answer.headers.get('location'), body: await answer.text() };
};
const show = ({ connection }: Invited) =>
  stage.server.admin.get<{ state: string; paused_at?: string }>(`/connections/${connection.id}`);
const credentials = async ({ connection }: Invited) => {
  const { status, body } = await call({
    url: `${stage.server.issuer}/v1/connections/${connection.id}/credentials`,
    headers: { authorization: `Bearer ${bearer}` },
  });
  return { status, body: JSON.parse(body) as Record<string, unknown> };
};
const cloudToken = async ({ connection }: Invited) =>
  (
    await call({
      url: `${stage.server.issuer}/v1/connections/${connection.id}/token`,
      headers: { authorization: `Bearer ${bearer}` },
    })
  ).status;

describe('a pause by the customer', () => {
  test('that changes nothing is answered the same, and leaves no audit line and no change', async () => {
    const invited = await connected();
    const { url } = invited.invitation;
    const state = async () => ({
      connection: await show(invited),
      lines: (await stage.audit(invited.connection)).length,
    });
    for (const name of ['pause', 'resume']) {
      if (name === 'resume') await press(url, name);
      else expect(await press(url, name)).toEqual({ status: 303, location: url, body: '' });
      const before = await state();
      for (let time = 0; time < 5; time++)
        expect(await press(url, name)).toEqual({ status: 303, location: url, body: '' });
      expect(await state()).toEqual(before);
    }
  });

  test('refuses tokens and credentials at once, including cached ones, until it is resumed', async () => {
    const invited = await connected();
    const { url, id } = invited.invitation;
    expect((await credentials(invited)).status).toBe(200);
    expect(await press(url, 'pause')).toEqual({ status: 303, location: url, body: '' });

    expect(await stage.token(invited.connection)).toEqual({
      status: 400,
      body: {
        error: 'invalid_target',
        error_description:
          'The customer paused the connection. Ask the customer to resume it on the page of their invitation; only the customer can.',
      },
    });
    const closed = {
      type: 'urn:sojourn:error:connection_paused',
      title: 'Conflict',
      status: 409,
      code: 'connection_paused',
      detail: 'The customer paused the connection.',
      advice: 'Ask the customer to resume it on the page of their invitation; only the customer can.',
      request_id: expect.any(String),
    };
    expect(await credentials(invited)).toEqual({ status: 409, body: closed });
    expect(await cloudToken(invited)).toBe(409);
    // An administrator cannot verify the connection either, because that would request credentials from the cloud.
    const ask = asking(stage.server);
    const visits = async () => (await call({ url: `${stage.sandbox}/sandbox/log` })).body;
    const before = await visits();
    expect(await plain(ask(`POST /connections/${invited.connection.id}/verify`))).toEqual({
      status: 409,
      body: closed,
    });
    expect(await visits()).toBe(before);
    expect(await show(invited)).toMatchObject({ state: 'paused', paused_at: expect.any(String) });
    expect(
      (await ask(`GET /clients/${stage.client.client_id}/access/${invited.connection.id}`)).body,
    ).toMatchObject({ allowed: false, reason: 'connection_paused' });

    expect(await press(url, 'resume')).toEqual({ status: 303, location: url, body: '' });
    expect(await show(invited)).not.toHaveProperty('paused_at');
    expect((await show(invited)).state).toBe('active');
    expect((await credentials(invited)).status).toBe(200);
    expect((await stage.token(invited.connection)).status).toBe(200);
    for (const event of ['connection.paused', 'connection.resumed'])
      expect(await stage.audit(invited.connection, event)).toEqual([
        expect.objectContaining({ outcome: 'ok', actor: 'customer', facts: { invitation: id } }),
      ]);
  });

  test('can be ended by no administrator and no other link, and its link cannot be revoked', async () => {
    const invited = await connected();
    const { url, id } = invited.invitation;
    await press(url, 'pause');
    const paused = await show(invited);
    const ask = asking(stage.server);
    const at = `/connections/${invited.connection.id}`;
    await ask(`POST ${at}/disable`);
    await ask(`POST ${at}/enable`);
    expect((await ask(`PATCH ${at}`, { body: { paused_at: null } })).status).toBe(400);
    await ask(`PATCH ${at}`, { body: { name: 'renamed' } });
    expect((await show(invited)).state).toBe('paused');
    expect((await ask(`DELETE ${at}/invitations/${id}`)).body).toMatchObject({
      status: 409,
      code: 'invitation_in_use',
    });

    const own = await stage.server.admin.post<{ url: string; id: string }>(`${at}/invitations`);
    const refused = await press(own.url, 'resume');
    expect(refused.status).toBe(409);
    expect(refused.body).toContain(
      'The connection was paused with another link, and only that link can resume it.',
    );
    expect((await call({ url: own.url })).body).toContain('Only that link can resume it.');
    expect((await show(invited)).paused_at).toBe(paused.paused_at);
    expect(await stage.audit(invited.connection, 'connection.resume_refused')).toEqual([
      expect.objectContaining({ outcome: 'refused', facts: { invitation: own.id } }),
    ]);
    // A second pause does not change the owner.
    await press(own.url, 'pause');
    expect((await press(own.url, 'resume')).status).toBe(409);
    expect((await press(url, 'resume')).status).toBe(303);
    expect((await show(invited)).state).toBe('active');
  });

  test('can be ended by a control link, which is valid for a year and was created from the link that paused', async () => {
    const invited = await connected();
    const { url, id } = invited.invitation;
    await press(url, 'pause');
    const { status, location } = await press(url, 'control-link');
    expect(status).toBe(303);
    expect(location).toMatch(/\/connect\/[\w-]{43}$/);
    expect(location).not.toBe(url);
    expect((await press(location!, 'resume')).status).toBe(303);
    await press(location!, 'pause');
    expect((await press(url, 'resume')).status).toBe(409);
    expect((await press(location!, 'resume')).status).toBe(303);

    const listed = await asking(stage.server)(`GET /connections/${invited.connection.id}/invitations`);
    const { items } = listed.body as { items: { id: string; type: string; expires_at: string }[] };
    const controlLink = items.find(({ type }) => type === 'control')!;
    expect(items).toHaveLength(2);
    expect(Date.parse(controlLink.expires_at) - Date.now()).toBeGreaterThan(364 * 86_400_000);
    expect(await stage.audit(invited.connection, 'control_link.created')).toEqual([
      expect.objectContaining({
        actor: 'customer',
        facts: { invitation: id, control_link: controlLink.id, expires_at: controlLink.expires_at },
      }),
    ]);
    expect(JSON.stringify(await stage.audit(invited.connection))).not.toContain(location!.slice(-43));
    // It shows the status and pauses, but cannot report.
    const page = (await call({ url: location! })).body;
    expect(page).not.toContain('Report the ids');
    const report = {
      method: 'POST',
      url: `${location}/report`,
      body: { role_arn: 'arn:aws:iam::111122223333:role/x' },
    };
    expect(JSON.parse((await call(report)).body)).toMatchObject({ status: 409, code: 'target_locked' });
  });

  test('can be ended by any valid link once its own has expired', async () => {
    const invited = await connected();
    await press(invited.invitation.url, 'pause');
    clock += 8 * 86_400_000;
    const later = await stage.server.admin.post<{ url: string }>(
      `/connections/${invited.connection.id}/invitations`,
    );
    expect((await press(invited.invitation.url, 'resume')).status).toBe(404);
    expect((await press(later.url, 'resume')).status).toBe(303);
    expect((await show(invited)).state).toBe('active');
    clock = 0;
  });

  test('works before the set-up, when no control link can be created and no report is accepted', async () => {
    const invited = await stage.invite();
    const { url } = invited.invitation;
    expect((await press(url, 'control-link')).status).toBe(409);
    await press(url, 'pause');
    expect((await show(invited)).state).toBe('paused');
    const report = {
      method: 'POST',
      url: `${url}/report`,
      body: { role_arn: 'arn:aws:iam::111122223333:role/x' },
    };
    expect(JSON.parse((await call(report)).body)).toMatchObject({ status: 409, code: 'connection_paused' });
    await press(url, 'resume');
    expect((await show(invited)).state).toBe('pending');
  });
});

test('the page shows when and how often the access was used, but not by whom', async () => {
  const invited = await connected();
  const page = async () => (await call({ url: invited.invitation.url })).body;
  expect(await page()).toContain('The access has never been used.');
  await stage.token(invited.connection);
  expect(await page()).toMatch(
    /Last used <time datetime="[^"]+">[^<]+<\/time>, for a token\. In the last 30 days: once\./,
  );
  await credentials(invited);
  await credentials(invited);
  const content = await page();
  expect(content).toMatch(/for credentials\. In the last 30 days: 3 times\./);
  for (const inside of [
    stage.client.client_id,
    'deployer',
    'Acme',
    invited.connection.tenant,
    stage.server.folder,
  ])
    expect(content).not.toContain(inside);
});
