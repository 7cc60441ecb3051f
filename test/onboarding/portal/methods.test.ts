/** The set-up methods on the page: which there are, their order and their description. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { call } from '../../../src/sandbox/demo/http.ts';
import { freePort } from '../../../src/sandbox/demo/local-server.ts';
import { type Cloud, type Invited, openStage, type Stage } from './stage.ts';

const issuer = 'https://id.example.com';
const permissions = {
  'read-only': {
    aws: {
      managed_policy_arns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
      policy: {
        Version: '2012-10-17',
        Statement: { Effect: 'Deny', Action: 's3:GetObject', Resource: '*' },
      },
    },
    azure: { roles: ['acdd72a7-3385-48ef-bd42-f606fba81ae7', '11111111-2222-4333-8444-555555555555'] },
    gcp: { roles: ['roles/viewer'] },
  },
};

let stage: Stage;
let inside: string;
beforeAll(async () => {
  const port = await freePort();
  inside = `http://127.0.0.1:${port}`;
  stage = await openStage({
    port,
    config: { issuer, trust_proxy: ['127.0.0.1/32'], setup: { permissions } },
  });
});
afterAll(() => stage.close());

/** As the proxy in front of the issuer does. */
const get = (url: string) => call({ url: url.replace(issuer, inside) });
const pageOf = async ({ invitation }: Invited) => (await get(invitation.url)).body;
const unescaped = (text: string) =>
  text.replaceAll('&#39;', "'").replaceAll('&quot;', '"').replaceAll('&amp;', '&');
/** Each has its own sentence; `*` marks those that report automatically. */
const methodsOf = (page: string) =>
  [...page.matchAll(/<details name="method"[^>]*>\s*<summary>(.*?)<\/summary>/g)].map(([, summary = '']) =>
    summary
      .replace(/ <span class="tag">reports automatically<\/span>/, '*')
      .replace(/<span class="hint">[A-Z][^<]+\.<\/span>$/, ''),
  );
const check = async ({ invitation }: Invited, document: string) => {
  const { status, body } = await call({
    method: 'POST',
    url: `${invitation.url.replace(issuer, inside)}/guardrail`,
    body: new URLSearchParams({ document }),
  });
  return { status, body: unescaped(body) };
};
const invite = (connection: { id: string }, body: object) =>
  call({
    method: 'POST',
    url: `${stage.server.adminOrigin}/admin/v1/connections/${connection.id}/invitations`,
    headers: { authorization: `Bearer ${stage.server.adminToken}` },
    body,
  });

test.each<[Cloud, string[]]>([
  [
    'aws',
    ['In the console*', 'With a script*', 'With Terraform*', 'With CloudFormation on the command line*'],
  ],
  ['azure', ['Deploy to Azure', 'With a script*', 'With Terraform*', 'With an ARM template', 'With Bicep']],
  ['gcp', ['One line in Cloud Shell*', 'With gcloud*', 'With Terraform*', 'With the APIs']],
])('the page for %s offers every set-up method, the simplest first', async (cloud, methods) => {
  const page = await pageOf(await stage.invite(cloud));
  expect(methodsOf(page)).toEqual(methods);
  expect(page.match(/<details name="method" open/g)).toHaveLength(1);
});

test('for an existing role, the page first offers to keep it, then to create a new one', async () => {
  const target = { role_arn: 'arn:aws:iam::111122223333:role/vendor' };
  const page = await pageOf(await stage.invite('aws', { target }));
  expect(methodsOf(page).slice(0, 3)).toEqual([
    'Keep your role, with a script*',
    'Keep your role, by hand',
    'In the console*',
  ]);
});

test("for the vendor's application, the page offers consent and no other method", async () => {
  const target = {
    tenant_id: '11111111-2222-4333-8444-555555555555',
    client_id: '66666666-7777-4888-9999-000000000000',
    consent_redirect_uri: 'https://app.example.com/consented',
  };
  const page = await pageOf(await stage.invite('azure', { target }));
  expect(methodsOf(page)).toEqual(['Consent in the browser']);
  expect(page).toContain(
    'href="https://login.microsoftonline.com/11111111-2222-4333-8444-555555555555/v2.0/adminconsent?',
  );
  expect(page).not.toContain('managed identity in a resource group');
});

test('without a bucket, the Azure portal and Cloud Shell read the set-up file from the page', async () => {
  const { invitation } = await stage.invite('azure');
  const [, template = ''] =
    /href="https:\/\/portal\.azure\.com\/#create\/Microsoft\.Template\/uri\/([^"]+)"/.exec(
      (await get(invitation.url)).body,
    ) ?? [];
  expect(decodeURIComponent(template)).toBe(`${invitation.url}/files/azuredeploy.json`);
  const file = await fetch(decodeURIComponent(template).replace(issuer, inside));
  expect([file.status, file.headers.get('access-control-allow-origin')]).toEqual([200, '*']);
  expect(await file.json()).toHaveProperty('resources');

  const google = await stage.invite('gcp');
  const line = (await get(`${google.invitation.url}/files/cloud-shell.sh`)).body;
  const script = `${google.invitation.url}/files/setup.sh`;
  expect(line).toContain(`curl -fsSo setup.sh ${script} && `);
  expect(line).toContain(
    createHash('sha256')
      .update((await get(script)).body)
      .digest('hex'),
  );
  expect(unescaped(await pageOf(google))).toContain(line.trim());
});

describe('the permission sets of an invitation', () => {
  const descriptions: Record<Cloud, string[]> = {
    aws: [
      'read-only: the permissions of the AWS managed policy ReadOnlyAccess.',
      'read-only: never s3:GetObject on everything.',
    ],
    azure: [
      'read-only: the permissions of the roles Reader, 11111111-2222-4333-8444-555555555555, only in the chosen resource group.',
    ],
    gcp: ['read-only: the permissions of these roles in the project: roles/viewer.'],
  };
  test.each<[Cloud, string, string]>([
    ['aws', 'cloudformation.json', 'iam::aws:policy/ReadOnlyAccess'],
    ['azure', 'azuredeploy.json', 'acdd72a7-3385-48ef-bd42-f606fba81ae7'],
    ['gcp', 'setup.sh', 'roles/viewer'],
  ])('are described on the page for %s, and are in the set-up files', async (cloud, name, granted) => {
    const { connection, invitation } = await stage.invite(cloud);
    const without = (await get(invitation.url)).body;
    const { body } = await invite(connection, { permissions: ['read-only'] });
    const { url } = JSON.parse(body) as { url: string };
    const page = (await get(url)).body;
    for (const line of descriptions[cloud]) {
      expect(page).toContain(`<li>${line}</li>`);
      expect(without).not.toContain(line);
    }
    expect((await get(`${url}/files/${name}`)).body).toContain(granted);
  });

  test('must exist: an unknown one is refused and no invitation is created', async () => {
    const { connection } = await stage.invite();
    const answer = await invite(connection, { permissions: ['owner'] });
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      400,
      expect.objectContaining({
        code: 'invalid_request',
        detail: 'permissions: must be permission sets of setup.permissions for aws: read-only',
      }),
    ]);
    const list = await stage.server.admin.get<{ items: unknown[] }>(
      `/connections/${connection.id}/invitations`,
    );
    expect(list.items).toHaveLength(1);
  });
});

test('the page checks a rule of the organization before anything is applied, and stores nothing', async () => {
  const invited = await stage.invite('aws');
  const before = await stage.server.admin.get('/audit?limit=1');
  const Statement = [
    { Sid: 'NoIdp', Effect: 'Deny', Action: 'iam:CreateOpenIDConnectProvider', Resource: '*' },
  ];
  const rule = JSON.stringify({ Version: '2012-10-17', Statement });
  const refused = await check(invited, rule);
  expect(refused.status).toBe(200);
  expect(refused.body).toContain('<strong>This rule refuses:</strong>');
  expect(refused.body).toContain(
    '<li>to create the OIDC provider: <code>NoIdp</code> (Statement[0]). It denies',
  );
  expect(refused.body).toContain(`>${rule}</textarea>`);
  const [, exception = ''] = /connection">(\{\n.*?)<\/pre>/s.exec(refused.body) ?? [];
  const allowed = await check(invited, exception);
  expect(allowed.body).toContain('This rule allows the set-up and its tokens.');
  expect(allowed.body).not.toContain('smallest exception');
  const unread = await check(invited, '<b>');
  expect([unread.status, unread.body.includes('<p>document must be JSON.</p>')]).toEqual([400, true]);
  expect(await stage.server.admin.get('/audit?limit=1')).toEqual(before);
});
