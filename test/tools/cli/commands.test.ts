import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Answer, type Recorder, recorder, runCommand } from './arrange.ts';

const folder = mkdtempSync(join(tmpdir(), 'sojourn-cli-'));
const token = 'admin-token-of-the-tests-0123456789';
let server: Recorder;

beforeAll(async () => {
  server = await recorder();
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

/** Runs the command against the recorder with these answers below /admin/v1. */
async function admin(args: readonly string[], answers: Record<string, Answer>) {
  server.answers = Object.fromEntries(
    Object.entries(answers).map(([request, answer]) => [request.replace(' ', ' /admin/v1'), answer]),
  );
  const ended = await runCommand(args, { SOJOURN_ADMIN_URL: server.origin, SOJOURN_ADMIN_TOKEN: token });
  const asked = server.asked().map(({ method, url, authorization, body }) => {
    expect(authorization).toBe(`Bearer ${token}`);
    return [`${method} ${url.replace('/admin/v1', '')}`, ...(body === undefined ? [] : [body])];
  });
  return { ...ended, asked };
}

const inFile = (name: string, content: unknown): string => {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
};

describe('each command sends exactly one request', () => {
  const jwks = { keys: [{ kty: 'EC' }] };
  const target = { region: 'eu-central-1', duration_seconds: 900 };
  const cases: readonly [args: string, request: string, body: unknown, answer?: unknown][] = [
    ['tenant create --name Acme', 'POST /tenants', { name: 'Acme' }],
    ['tenant list --after ten_1 --limit 5', 'GET /tenants?after=ten_1&limit=5', undefined],
    ['tenant show ten_1', 'GET /tenants/ten_1', undefined],
    ['tenant update ten_1 --name B', 'PATCH /tenants/ten_1', { name: 'B' }],
    ['tenant delete ten_1', 'DELETE /tenants/ten_1', undefined],
    [
      'client create --name d --connection con_1 --connection con_2 --tenant ten_1',
      'POST /clients',
      {
        name: 'd',
        auth: { method: 'client_secret' },
        may_use: [{ connection: 'con_1' }, { connection: 'con_2' }, { tenant: 'ten_1' }],
      },
    ],
    [
      `client create --name k --auth private_key_jwt --jwks-file ${inFile('jwks.json', jwks)}`,
      'POST /clients',
      { name: 'k', auth: { method: 'private_key_jwt', jwks }, may_use: [] },
    ],
    [
      'client create --name k --auth private_key_jwt --jwks-uri https://a.example/jwks',
      'POST /clients',
      {
        name: 'k',
        auth: { method: 'private_key_jwt', jwks_uri: 'https://a.example/jwks' },
        may_use: [],
      },
    ],
    [
      'client create --name k --tls-san-uri spiffe://a/b',
      'POST /clients',
      { name: 'k', auth: { method: 'tls', san_uri: 'spiffe://a/b' }, may_use: [] },
    ],
    [
      'client update cli_1 --tls-subject-dn CN=a,O=b',
      'PATCH /clients/cli_1',
      { auth: { method: 'tls', subject_dn: 'CN=a,O=b' } },
    ],
    [
      `client create --name k --tls-certificate ${inFile('one.pem', 'one')}`,
      'POST /clients',
      { name: 'k', auth: { method: 'tls', self_signed: true, certificates: ['"one"'] }, may_use: [] },
    ],
    [
      'client create --name ci --federated github --audience a --claim repository_id=74 --claim ref=a=b --claim-glob environment=prod-* --connection con_1',
      'POST /clients',
      {
        name: 'ci',
        auth: {
          method: 'federated',
          platform: 'github',
          audience: 'a',
          claims: { repository_id: '74', ref: 'a=b', environment: { glob: 'prod-*' } },
        },
        may_use: [{ connection: 'con_1' }],
      },
    ],
    [
      `client create --name pod --federated kubernetes --issuer https://k --audience a --subject s --jwks-file ${inFile('jwks.json', jwks)}`,
      'POST /clients',
      {
        name: 'pod',
        auth: {
          method: 'federated',
          platform: 'kubernetes',
          issuer: 'https://k',
          audience: 'a',
          subject: 's',
          jwks,
        },
        may_use: [],
      },
    ],
    [
      'client update cli_1 --federated jwt --issuer https://k --audience a --subject-glob s:* --jwks-uri https://k/jwks',
      'PATCH /clients/cli_1',
      {
        auth: {
          method: 'federated',
          issuer: 'https://k',
          audience: 'a',
          subject: { glob: 's:*' },
          jwks_uri: 'https://k/jwks',
        },
      },
    ],
    ['client list', 'GET /clients', undefined],
    ['client show cli_1', 'GET /clients/cli_1', undefined],
    ['client update cli_1 --disable', 'PATCH /clients/cli_1', { disabled: true }],
    [
      'client update cli_1 --name n --enable --tenant ten_1',
      'PATCH /clients/cli_1',
      { name: 'n', disabled: false, may_use: [{ tenant: 'ten_1' }] },
    ],
    ['client delete cli_1', 'DELETE /clients/cli_1', undefined],
    ['client secrets create cli_1', 'POST /clients/cli_1/secrets', {}],
    [
      'client secrets rotate cli_1 --grace 60 --expires-at 2027-01-31T02:00:00Z',
      'POST /clients/cli_1/secrets',
      { replace: true, grace_seconds: 60, expires_at: '2027-01-31T02:00:00Z' },
    ],
    ['client secrets list cli_1', 'GET /clients/cli_1', undefined],
    ['client secrets delete cli_1 sec_1', 'DELETE /clients/cli_1/secrets/sec_1', undefined],
    [
      'connection create --name p --tenant ten_1 --cloud aws --set region=eu-central-1 --set duration_seconds:=900',
      'POST /connections',
      { name: 'p', tenant: 'ten_1', cloud: 'aws', target },
    ],
    [
      `connection create --name p --tenant ten_1 --cloud aws --algorithm ES256 --token-ttl 600 --target ${JSON.stringify(target)}`,
      'POST /connections',
      { name: 'p', tenant: 'ten_1', cloud: 'aws', target, algorithm: 'ES256', token_ttl: 600 },
    ],
    [
      `connection update con_1 --target-file ${inFile('target.json', target)} --set region=us-east-1`,
      'PATCH /connections/con_1',
      { target: { ...target, region: 'us-east-1' } },
    ],
    ['connection list --tenant ten_1', 'GET /connections?tenant=ten_1', undefined],
    ['connection show con_1', 'GET /connections/con_1', undefined],
    ['connection enable con_1', 'POST /connections/con_1/enable', undefined],
    ['connection disable con_1', 'POST /connections/con_1/disable', undefined],
    [
      'connection verify con_1',
      'POST /connections/con_1/verify',
      undefined,
      { verdict: 'active', checks: [] },
    ],
    ['connection setup con_1', 'GET /connections/con_1/setup', undefined],
    ['connection invite con_1', 'POST /connections/con_1/invitations', {}],
    [
      'connection invite con_1 --expires-in 24h',
      'POST /connections/con_1/invitations',
      { expires_in: '24h' },
    ],
    ['connection invitations list con_1', 'GET /connections/con_1/invitations', undefined],
    ['connection invitations revoke con_1 h4sh', 'DELETE /connections/con_1/invitations/h4sh', undefined],
    [
      'connection setup con_1 main.tf --permissions a --permissions b --existing-provider --tag T=a=b --additional-connection con_2',
      'GET /connections/con_1/setup/main.tf?permissions=a%2Cb&additional_connections=con_2&tags=%7B%22T%22%3A%22a%3Db%22%7D&existing_provider=true',
      undefined,
    ],
    [
      'connection setup con_1 --role-name r --managed-policy p --permissions-boundary b --max-session-seconds 3600 --identity-name i --role x --existing-pool',
      'GET /connections/con_1/setup?role_name=r&managed_policy_arns=p&permissions_boundary=b&max_session_seconds=3600&identity_name=i&roles=x&existing_pool=true',
      undefined,
    ],
    ['connection delete con_1', 'DELETE /connections/con_1', undefined],
    [
      `connection confirm-upload con_1 --file ${inFile('uploaded.json', { keys: [{ kid: 'a' }, { kid: 'b' }] })}`,
      'POST /connections/con_1/uploaded-keys',
      { kids: ['a', 'b'] },
    ],
    ['keys list', 'GET /keys', undefined],
    ['keys rotate', 'POST /keys/rotate', {}],
    ['keys rotate --override', 'POST /keys/rotate', { override: true }],
    ['keys rotate --at 2027-01-31T02:00:00Z', 'POST /keys/rotate', { activate_at: '2027-01-31T02:00:00Z' }],
    ['keys list --tenant ten_1', 'GET /keys?tenant=ten_1', undefined],
    ['keys cancel-rotation --tenant ten_1', 'POST /keys/cancel-rotation', { tenant: 'ten_1' }],
    [
      'tenant create --name Acme --own-issuer --own-keys',
      'POST /tenants',
      { name: 'Acme', own_issuer: true, own_keys: true },
    ],
    [
      'tenant move ten_1 --to own --own-keys',
      'POST /tenants/ten_1/move',
      { own_issuer: true, own_keys: true },
    ],
    ['tenant move ten_1 --to shared', 'POST /tenants/ten_1/move', { own_issuer: false }],
    ['tenant move-status ten_1', 'GET /tenants/ten_1/move', undefined],
    ['keys impact k/1', 'GET /keys/k%2F1/impact?limit=200', undefined],
    [
      'audit search --connection con_1 --jti j --from 2027-01-01T00:00:00Z --limit 2',
      'GET /audit?connection=con_1&jti=j&from=2027-01-01T00%3A00%3A00Z&limit=2',
      undefined,
    ],
    ['claims con_1', 'GET /connections/con_1/claims', undefined],
    ['connection update con_1 --approval required', 'PATCH /connections/con_1', { approval: 'required' }],
    [
      'approval list --state pending --connection con_1 --limit 5',
      'GET /approvals?state=pending&connection=con_1&limit=5',
      undefined,
    ],
    ['outage', 'GET /outage', undefined, { in_use: 0, first_failure: null, items: [] }],
    ['webhook create https://ops.example.com/s', 'POST /webhooks', { url: 'https://ops.example.com/s' }],
    [
      'webhook create https://ops.example.com/s --tenant ten_1 --event connection.verified --event connection.drifted',
      'POST /webhooks',
      {
        url: 'https://ops.example.com/s',
        tenant: 'ten_1',
        events: ['connection.verified', 'connection.drifted'],
      },
    ],
    ['webhook list --limit 2', 'GET /webhooks?limit=2', undefined],
    ['webhook show whk_1', 'GET /webhooks/whk_1', undefined],
    ['webhook disable whk_1', 'PATCH /webhooks/whk_1', { disabled: true }],
    ['webhook enable whk_1', 'PATCH /webhooks/whk_1', { disabled: false }],
    ['webhook delete whk_1', 'DELETE /webhooks/whk_1', undefined],
    ['webhook deliveries whk_1 --after whk_1.1', 'GET /webhooks/whk_1/deliveries?after=whk_1.1', undefined],
    ['webhook redeliver whk_1 whk_1.1', 'POST /webhooks/whk_1/deliveries/whk_1.1/redeliver', undefined],
    ['approval grant apr_1 --for 2h', 'POST /approvals/apr_1/grant', { duration: '2h' }],
    ['approval deny apr_1', 'POST /approvals/apr_1/deny', { duration: '1h' }],
    ['approval revoke apr_1', 'POST /approvals/apr_1/revoke', undefined],
    [
      'can cli_1 con_1',
      'GET /clients/cli_1/access/con_1',
      undefined,
      { allowed: true, reason: 'rule_matched', rule: { index: 0, tenant: 'ten_1' } },
    ],
    [
      'connection update con_1 --purpose read={"duration_seconds":900} --purpose logs={"policy_arns":["a=b"]}',
      'PATCH /connections/con_1',
      { purposes: { read: { duration_seconds: 900 }, logs: { policy_arns: ['a=b'] } } },
    ],
    [
      'connection update con_1 --label env=prod --label team=a=b',
      'PATCH /connections/con_1',
      { labels: { env: 'prod', team: 'a=b' } },
    ],
    [
      'client update cli_1 --rule {"cloud":"aws","labels":{"env":"prod"}}',
      'PATCH /clients/cli_1',
      { may_use: [{ cloud: 'aws', labels: { env: 'prod' } }] },
    ],
  ];

  test.each(cases)('sojourn %s', async (args, request, body, answer = { items: [] }) => {
    const path = request.split('?')[0]!;
    const { code, err, asked } = await admin(args.split(' '), { [path]: { body: answer } });
    expect({ code, err, asked }).toEqual({
      code: 0,
      err: '',
      asked: [body === undefined ? [request] : [request, body]],
    });
  });
});

describe('the command line prints', () => {
  test('a list as aligned columns, with the option for the next page', async () => {
    const { out } = await admin(['tenant', 'list'], {
      'GET /tenants': {
        body: {
          items: [
            { id: 'ten_1', name: 'Acme', created_at: '2027-01-01T00:00:00.000Z' },
            { id: 'ten_2', name: 'A longer name', created_at: '2027-01-02T00:00:00.000Z' },
          ],
          next: 'ten_2',
        },
      },
    });
    expect(out).toBe(
      [
        'ID     NAME           CREATED AT',
        'ten_1  Acme           2027-01-01T00:00:00.000Z',
        'ten_2  A longer name  2027-01-02T00:00:00.000Z',
        'Next page: --after ten_2',
        '',
      ].join('\n'),
    );
  });

  test('an audit entry that stands for several refusals with their number', async () => {
    const entry = { occurred_at: 'T', event: 'token.refused', outcome: 'refused', actor: 'unknown' };
    const { out } = await admin(['audit', 'search'], {
      'GET /audit': { body: { items: [{ ...entry, reason: 'invalid_client', facts: { count: 4812 } }] } },
    });
    expect(out).toBe(
      [
        'OCCURRED AT  EVENT          OUTCOME  ACTOR    CONNECTION  REASON',
        'T            token.refused  refused  unknown  -           invalid_client (4812 times)',
        '',
      ].join('\n'),
    );
  });

  test('an object as names and values, nested members with dotted names', async () => {
    const { out } = await admin(['connection', 'show', 'con_1'], {
      'GET /connections/con_1': {
        body: {
          id: 'con_1',
          target: { role_arn: 'arn', session_tags: {} },
          token_ttl: null,
          disabled: false,
        },
      },
    });
    expect(out).toBe(
      [
        'id                   con_1',
        'target.role_arn      arn',
        'target.session_tags  -',
        'token_ttl            -',
        'disabled             false',
        '',
      ].join('\n'),
    );
  });

  test('with --json, the response and nothing else', async () => {
    const answer = { client_id: 'cli_1', client_secret: 'sjs_x', unknown: [1, { a: null }] };
    const { out } = await admin(['client', 'create', '--name', 'd', '--json'], {
      'POST /clients': { status: 201, body: answer },
    });
    expect(out).toBe(`${JSON.stringify(answer, null, 2)}\n`);
  });

  test('a hint below a new secret to save it', async () => {
    const { out } = await admin(['client', 'secrets', 'create', 'cli_1'], {
      'POST /clients/cli_1/secrets': { status: 201, body: { secret_id: 'sec_1', client_secret: 'sjs_x' } },
    });
    expect(out).toBe(
      'secret_id      sec_1\nclient_secret  sjs_x\n\nSave the client secret now. The server stores only its hash and never shows it again.\n',
    );
  });

  test('a confirmation of a deletion', async () => {
    const { out } = await admin(['tenant', 'delete', 'ten_1'], {
      'DELETE /tenants/ten_1': { status: 204, body: '' },
    });
    expect(out).toBe('Deleted ten_1.\n');
  });

  test('the checks and the advice of a failing verification, which exits with 1', async () => {
    const { code, out } = await admin(['connection', 'verify', 'con_1'], {
      'POST /connections/con_1/verify': {
        body: {
          verdict: 'failing',
          checks: [
            { name: 'target', outcome: 'passed', detail: 'Complete for aws.', advice: null },
            {
              name: 'exchange',
              outcome: 'failed',
              detail: 'No such role.',
              advice: 'Check the role.',
              condition: 'trust',
              fix: 'aws iam get-role \\\n  --role-name=vendor',
            },
          ],
          state: 'pending',
          retry_at: '2026-11-23T12:00:05.000Z',
        },
      },
    });
    expect(code).toBe(1);
    expect(out).toBe(
      [
        'failing (the connection stays pending, next check at 2026-11-23T12:00:05.000Z)',
        '',
        'NAME      OUTCOME  DETAIL',
        'target    passed   Complete for aws.',
        'exchange  failed   No such role.',
        '',
        'Fix first: exchange: trust',
        '→ Check the role.',
        '',
        '  aws iam get-role \\',
        '    --role-name=vendor',
        '',
      ].join('\n'),
    );
  });

  test('after a key revocation, the affected connections and what each customer must do', async () => {
    const { out } = await admin(['keys', 'revoke', 'old'], {
      'POST /keys/old/revoke': {
        body: {
          items: [
            { kid: 'old', alg: 'RS256', state: 'revoked' },
            { kid: 'other', alg: 'ES256', state: 'active' },
            { kid: 'new', alg: 'RS256', state: 'active' },
          ],
        },
      },
      'GET /keys/old/impact': {
        body: {
          items: [
            {
              connection: 'con_1',
              name: 'prod',
              tenant: 'ten_1',
              cloud: 'aws',
              trusted_for: 'Minutes.',
              steps: [
                { instruction: 'Block the role.', command: 'aws iam block \\\n  --now' },
                { instruction: 'Check CloudTrail.' },
              ],
            },
            {
              connection: 'con_2',
              name: 'new',
              tenant: 'ten_1',
              cloud: 'azure',
              trusted_for: 'A day.',
              steps: [],
            },
          ],
          next: null,
        },
      },
    });
    expect(out).toBe(
      [
        'Revoked old. All replicas remove it from the JWKS within seconds.',
        'new now signs RS256 tokens.',
        '',
        'Clouds trust the revoked key until their cached JWKS expires. Affected connections:',
        '',
        'aws  con_1  prod  (ten_1)',
        '  Minutes.',
        '  1. Block the role.',
        '     aws iam block \\',
        '       --now',
        '  2. Check CloudTrail.',
        '',
        'azure  con_2  new  (ten_1)',
        '  A day.',
        '  Nothing to do: the customer has not set up the connection yet.',
        '',
        'Affected: 2 connections of 1 tenant.',
        '',
      ].join('\n'),
    );
  });

  test('control and formatting characters in escaped form', async () => {
    const { out } = await admin(['tenant', 'show', 'ten_1'], {
      'GET /tenants/ten_1': { body: { name: '\u001b[2Jgone\u202e' } },
    });
    expect(out).toBe('name  \\u001b[2Jgone\\u202e\n');
  });

  test('a set-up file unchanged, or writes it to a folder', async () => {
    const answers = {
      'GET /connections/con_1/setup': {
        body: { items: [{ name: 'stack.json', title: 'CloudFormation' }] },
      },
      'GET /connections/con_1/setup/stack.json': { body: '{ "Resources": {} }' },
    };
    const printed = await admin(['connection', 'setup', 'con_1', 'stack.json'], answers);
    expect(printed.out).toBe('{ "Resources": {} }');
    const output = join(folder, 'new', 'acme');
    const written = await admin(['connection', 'setup', 'con_1', '--output', output], answers);
    expect(written.out).toBe(`Wrote ${join(output, 'stack.json')}\n`);
    expect(readFileSync(join(output, 'stack.json'), 'utf8')).toBe('{ "Resources": {} }');
  });

  test.each(['../evil', '/tmp/evil', '.bashrc', '..'])(
    'no confirmation for a set-up file named %s, and does not write it',
    async (name) => {
      const { code, out } = await admin(['connection', 'setup', 'con_1', '--output', folder], {
        'GET /connections/con_1/setup': { body: { items: [{ name }] } },
        [`GET /connections/con_1/setup/${encodeURIComponent(name)}`]: { body: 'evil' },
        'GET /connections/con_1/': { body: 'evil' },
      });
      expect(code).not.toBe(0);
      expect(out).toBe('');
    },
  );
});

describe('sojourn config', () => {
  const targets = {
    aws: { region: 'eu-central-1' },
    azure: { tenant_id: 'ten-guid', client_id: 'cli-guid', environment: 'usgov' },
    gcp: { service_account: 'deployer@acme.iam.gserviceaccount.com' },
  };
  const config = (cloud: keyof typeof targets, args: string) =>
    admin(['config', 'con_1', ...args.split(' ')], {
      'GET /connections/con_1': {
        body: { id: 'con_1', cloud, audience: 'https://iam.googleapis.com/p', target: targets[cloud] },
      },
    });
  test('writes the lifetime, the universe and, with an own audience, the provider of the target', async () => {
    const target = {
      ...{ project_number: '42', pool_id: 'pool', provider_id: 'vendor', audience: 'own' },
      ...{
        service_account: 'a@b.gserviceaccount.com',
        lifetime_seconds: 7200,
        universe_domain: 'apis.example',
      },
    };
    const { out } = await admin(['config', 'con_1', '--tool', 'google'], {
      'GET /connections/con_1': { body: { id: 'con_1', cloud: 'gcp', audience: 'own', target } },
    });
    expect(JSON.parse(out)).toEqual({
      type: 'external_account',
      universe_domain: 'apis.example',
      audience:
        '//iam.googleapis.com/projects/42/locations/global/workloadIdentityPools/pool/providers/vendor',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: 'https://sts.apis.example/v1/token',
      service_account_impersonation_url:
        'https://iamcredentials.apis.example/v1/projects/-/serviceAccounts/a@b.gserviceaccount.com:generateAccessToken',
      service_account_impersonation: { token_lifetime_seconds: 7200 },
      credential_source: {
        executable: { command: 'sojourn credentials con_1 --format gcp', timeout_millis: 30000 },
      },
    });
  });

  const account = {
    type: 'external_account',
    universe_domain: 'googleapis.com',
    audience: '//iam.googleapis.com/p',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: 'https://sts.googleapis.com/v1/token',
    service_account_impersonation_url:
      'https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/deployer@acme.iam.gserviceaccount.com:generateAccessToken',
    credential_source: {
      executable: { command: 'sojourn credentials con_1 --format gcp', timeout_millis: 30000 },
    },
  };

  test.each([
    [
      'aws',
      '--tool aws --profile acme --purpose deploy --issuer https://id.example.com',
      '[profile acme]\nregion = eu-central-1\ncredential_process = sojourn credentials con_1 --format aws-process --issuer https://id.example.com --purpose deploy\n',
      'Add this to ~/.aws/config, and select it with AWS_PROFILE=acme.\n',
    ],
    [
      'gcp',
      '--tool google',
      `${JSON.stringify(account, null, 2)}\n`,
      'Save this as con_1.json, and set GOOGLE_APPLICATION_CREDENTIALS=con_1.json and GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1.\n',
    ],
    [
      'gcp',
      '--tool gcloud --path a.json',
      `${JSON.stringify(account, null, 2)}\n`,
      'Save this as a.json, set GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1, and run `gcloud auth login --cred-file=a.json`.\n',
    ],
    [
      'azure',
      "--tool azure --path it's",
      "export AZURE_TENANT_ID=ten-guid\nexport AZURE_CLIENT_ID=cli-guid\nexport AZURE_AUTHORITY_HOST=https://login.microsoftonline.us\nexport AZURE_FEDERATED_TOKEN_FILE='it'\\''s'\n",
      "Set these variables in the tool's shell. The agent must write a cloud token to it's.\n",
    ],
    [
      'azure',
      '--tool terraform',
      'export ARM_USE_OIDC=true\nexport ARM_TENANT_ID=ten-guid\nexport ARM_CLIENT_ID=cli-guid\nexport ARM_ENVIRONMENT=usgovernment\nexport ARM_OIDC_TOKEN_FILE_PATH=con_1.token\n',
      undefined,
    ],
    ['aws', '--tool terraform', 'export AWS_PROFILE=con_1\n', undefined],
    [
      'gcp',
      '--tool terraform',
      'export GOOGLE_APPLICATION_CREDENTIALS=con_1.json\nexport GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1\n',
      undefined,
    ],
  ] as const)(
    'prints for a connection to %s, with %s, what the tool reads',
    async (cloud, args, out, err) => {
      expect(await config(cloud, args)).toEqual({
        code: 0,
        out,
        err: err ?? expect.stringMatching(/^Set these variables in Terraform's shell\. /),
        asked: [['GET /connections/con_1']],
      });
    },
  );

  test('writes a file that only this user can read, and replaces an existing one only with --force', async () => {
    const file = join(folder, 'acme.json');
    const into = (more = '') => config('gcp', `--tool google --output ${file}${more}`);
    expect(await into()).toMatchObject({ code: 0, out: `Wrote ${file}\n` });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    writeFileSync(file, 'mine');
    expect(await into()).toMatchObject({
      code: 2,
      out: '',
      err: `${file} exists. Give --force to replace it, or another name.\n`,
    });
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect(await into(' --force')).toMatchObject({ code: 0 });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(account);
  });

  test.each([
    ['aws', '--tool google', '--tool google does not support connections to aws.\n'],
    [
      'gcp',
      '--tool google --purpose deploy',
      '--purpose needs --tool aws: the other tools exchange the cloud token themselves.\n',
    ],
    ['gcp', '--tool aws', '--tool aws does not support connections to gcp.\n'],
    [
      'aws',
      '--tool aws --profile a]b',
      "--profile contains a character that is not allowed in the tool's file.\n",
    ],
    [
      'aws',
      '--tool aws --issuer https://x/"',
      "--issuer contains a character that is not allowed in the tool's file.\n",
    ],
    ['aws', '--tool aws --output /nowhere/x', '--output /nowhere/x cannot be written (ENOENT).\n'],
  ] as const)('rejects for a connection to %s the arguments %s', async (cloud, args, err) => {
    expect(await config(cloud, args)).toMatchObject({ code: 2, out: '', err });
  });
});

describe('sojourn credentials', () => {
  const env = (issuer: string) => ({
    SOJOURN_ISSUER: issuer,
    SOJOURN_CLIENT_ID: 'cli_1',
    SOJOURN_CLIENT_SECRET: 'sjs_a+b:c',
  });

  test('fetches an API token, then the credentials, and prints them unchanged', async () => {
    const body = '{"Version":1}';
    server.answers = {
      'POST /id/token': { body: { access_token: 'abc', token_type: 'Bearer', expires_in: 300 } },
      'GET /id/v1/connections/con_1/credentials': { body },
    };
    const ended = await runCommand(
      ['credentials', 'con_1', '--format', 'aws-process'],
      env(`${server.origin}/id`),
    );
    expect(ended).toEqual({ code: 0, out: `${body}\n`, err: '' });
    expect(server.asked()).toEqual([
      {
        method: 'POST',
        url: '/id/token',
        authorization: `Basic ${Buffer.from('cli_1:sjs_a%2Bb%3Ac').toString('base64')}`,
        body: 'grant_type=client_credentials&resource=urn%3Asojourn%3Aapi',
      },
      {
        method: 'GET',
        url: '/id/v1/connections/con_1/credentials?format=aws-process',
        authorization: 'Bearer abc',
        body: undefined,
      },
    ]);
  });

  test("uses the workload's own token instead of a secret", async () => {
    const file = join(folder, 'token');
    writeFileSync(file, 'ey.ey.x\n');
    server.answers = {
      'POST /token': { body: { access_token: 'abc', token_type: 'Bearer', expires_in: 300 } },
      'GET /v1/connections/con_1/credentials': { body: '{}' },
    };
    const assertion =
      'grant_type=client_credentials&resource=urn%3Asojourn%3Aapi&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=ey.ey.x';
    const asked = async (args: string[], more: Record<string, string>) => {
      const env = { SOJOURN_ISSUER: server.origin, ...more };
      expect(await runCommand(['credentials', 'con_1', ...args], env)).toMatchObject({ code: 0, err: '' });
      const [{ body, authorization } = {}] = server.asked();
      return { body, authorization };
    };
    expect(await asked([], { SOJOURN_WORKLOAD_TOKEN_FILE: file })).toEqual({ body: assertion });
    expect(await asked(['--workload-token-file', file], { SOJOURN_CLIENT_ID: 'cli_1' })).toEqual({
      body: `${assertion}&client_id=cli_1`,
    });
  });

  test('prints the error of the token endpoint', async () => {
    server.answers = {
      'POST /token': {
        status: 401,
        body: { error: 'invalid_client', error_description: 'client authentication failed' },
      },
    };
    const { code, out, err } = await runCommand(['credentials', 'con_1'], env(server.origin));
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^client authentication failed\n→ .+\n$/);
  });
});
