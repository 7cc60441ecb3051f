/** The script, run by the machine's own shell. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { setup } from '../../../src/clouds/gcp/setup.ts';
import { testWith } from '../../support/programs.ts';
import { carriable, contentOf, hostileText } from './arrange.ts';
import { run, runRealGcloud } from './gcloud.arrange.ts';
import { gcpFacts as facts, gcpTarget as target } from './gcp.arrange.ts';

const pool = 'projects/123456789/locations/global/workloadIdentityPools/sojourn-a1';
const provider = `${pool}/providers/con-b2`;
const service_account = 'deployer@acme.iam.gserviceaccount.com';
const issuer = 'https://id.vendor.com/t/ten_x';
const script = (...given: Parameters<typeof setup>) => contentOf(setup(...given), 'setup.sh');

const pools = ['iam', 'workload-identity-pools'];
const describePool = [...pools, 'describe', pool, '--format=value[separator=" "](state,disabled)'];
const createPool = [...pools, 'create', pool];
const createProvider = [...pools, 'providers', 'create-oidc', provider];
const updateProvider = [...pools, 'providers', 'update-oidc', provider];
const describeProvider = [
  ...pools,
  'providers',
  'describe',
  provider,
  '--format=value[separator=" "](state,disabled,oidc.issuerUri,attributeCondition)',
];
const settings = [
  '--display-name=acme-prod',
  '--description=Connection con_7h2k9 of Vendor',
  `--issuer-uri=${issuer}`,
  `--allowed-audiences=https://iam.googleapis.com/${provider}`,
  '--attribute-mapping=google.subject=assertion.sub',
  "--attribute-condition=assertion.sub=='con_7h2k9'",
];

describe('the gcloud script', () => {
  test('uploads the keys with the members that Google accepts, if the provider cannot fetch them', () => {
    const key = { kid: 'k1', kty: 'EC', alg: 'ES256', use: 'sig', crv: 'P-256', x: "a'b", y: 'c' };
    const jwks = [{ ...key, x5t: 'no' }, ...Array.from({ length: 8 }, (_, at) => ({ ...key, kid: `${at}` }))];
    const eight = [key, ...jwks.slice(1, 8)];
    const given = [target({ uploaded_jwks: true }), facts({ jwks })] as const;
    const upload = `--jwk-json-path=${JSON.stringify({ keys: eight })}\n`;
    expect(run(script(...given)).calls.at(-1)).toEqual([...createProvider, ...settings, upload]);
    const again = run(script(...given), {
      pool: 'ACTIVE ',
      provider: `ACTIVE  ${issuer} assertion.sub=='con_7h2k9'`,
    });
    expect(again.calls.at(-1)).toEqual([...updateProvider, ...settings, upload]);
    expect(JSON.parse(contentOf(setup(...given), 'jwks.json'))).toEqual({ keys: eight });
    expect(contentOf(setup(...given), 'main.tf')).toContain(
      `jwks_json         = ${JSON.stringify(JSON.stringify({ keys: eight }))}\n`,
    );
  });

  test('creates what does not exist', () => {
    expect(run(script(target({ service_account }), facts()))).toEqual({
      status: 0,
      stderr: '',
      calls: [
        describePool,
        [...createPool, '--display-name=Vendor', '--description=Workloads of Vendor'],
        describeProvider,
        [...createProvider, ...settings],
        [
          'iam',
          'service-accounts',
          'add-iam-policy-binding',
          `projects/-/serviceAccounts/${service_account}`,
          '--role=roles/iam.workloadIdentityUser',
          `--member=principal://iam.googleapis.com/${pool}/subject/con_7h2k9`,
          '--condition=None',
          '--format=none',
        ],
      ],
    });
  });

  test.each([
    ['with its own condition', `${issuer} assertion.sub=='con_7h2k9'`],
    ['without any condition', `${issuer} `],
  ])('keeps the pool and updates the provider when run again, %s', (_, found) => {
    expect(run(script(target(), facts()), { pool: 'ACTIVE ', provider: `ACTIVE  ${found}` })).toEqual({
      status: 0,
      stderr: '',
      calls: [describePool, describeProvider, [...updateProvider, ...settings]],
    });
  });

  test.each([
    [
      'for another issuer',
      "https://id.vendor.com/t/ten_y assertion.sub=='con_7h2k9'",
      'exists for another issuer. Nothing was changed.',
    ],
    [
      'for an issuer that begins like this one',
      `${issuer}2 assertion.sub=='con_7h2k9'`,
      'exists for another issuer. Nothing was changed.',
    ],
    [
      'with the condition of another connection',
      `${issuer} assertion.sub=='con_2'`,
      "exists with another condition. It was not changed. Use a different provider_id for the connection or, if nothing else needs this provider, first set its condition to assertion.sub=='con_7h2k9'.",
    ],
    [
      'with a condition that asks for more',
      `${issuer} assertion.sub=='con_7h2k9' && assertion.jti!=''`,
      "exists with another condition. It was not changed. Use a different provider_id for the connection or, if nothing else needs this provider, first set its condition to assertion.sub=='con_7h2k9'.",
    ],
  ])('stops at a provider %s', (_, found, said) => {
    const taken = { pool: 'ACTIVE ', provider: `ACTIVE  ${found}` };
    expect(run(script(target({ service_account }), facts()), taken)).toEqual({
      status: 1,
      stderr: `The provider ${provider} ${said}\n`,
      calls: [describePool, describeProvider],
    });
  });

  const undelete = (kind: readonly string[], name: string) => [...kind, 'undelete', name, '--format=none'];
  const providers = [...pools, 'providers'];
  const ours = `${issuer} assertion.sub=='con_7h2k9'`;
  const update = [...updateProvider, ...settings];
  const restored = undelete(providers, provider);
  const enable = (what: string, command: string) => `The ${what} is disabled. To enable it${command}\n`;
  const enableProvider = enable(
    `provider ${provider}`,
    `:\n  gcloud iam workload-identity-pools providers update-oidc ${provider} \\\n    --no-disabled`,
  );
  const enablePool = enable(
    `pool ${pool}`,
    `, and every provider in it:\n  gcloud iam workload-identity-pools update ${pool} \\\n    --no-disabled`,
  );
  test.each([
    [
      'restores a deleted pool',
      'DELETED ',
      `ACTIVE  ${ours}`,
      0,
      '',
      [undelete(pools, pool), describeProvider, update],
    ],
    [
      'restores a deleted provider',
      'ACTIVE ',
      `DELETED  ${ours}`,
      0,
      '',
      [describeProvider, restored, update],
    ],
    ['stops at a disabled pool', 'ACTIVE True', undefined, 1, enablePool, []],
    ['stops at a disabled provider', 'ACTIVE ', `ACTIVE True ${ours}`, 1, enableProvider, [describeProvider]],
    [
      'restores a deleted provider, but does not enable it',
      'ACTIVE ',
      `DELETED True ${ours}`,
      1,
      enableProvider,
      [describeProvider, restored],
    ],
    [
      'does not restore a deleted provider of another issuer',
      'ACTIVE ',
      `DELETED  https://id.vendor.com assertion.sub=='con_7h2k9'`,
      1,
      `The provider ${provider} exists for another issuer. Nothing was changed.\n`,
      [describeProvider],
    ],
  ])('%s', (_, poolState, providerState, status, stderr, calls) => {
    const existing = { pool: poolState, ...(providerState === undefined ? {} : { provider: providerState }) };
    expect(run(script(target(), facts()), existing)).toEqual({
      status,
      stderr,
      calls: [describePool, ...calls],
    });
  });

  test('passes every value to gcloud unchanged and runs nothing else', () => {
    fc.assert(
      fc.property(hostileText, hostileText, hostileText.map(carriable), (name, vendor, subject) => {
        const given = facts({ vendor, subject, connection: { id: 'con_7h2k9', name } });
        const [poolRequest, providerRequest] = JSON.parse(contentOf(setup(target(), given), 'requests.json'));
        const { status, stderr, calls } = run(script(target(), given));
        expect({ status, stderr, created: [calls[1], calls[3]], count: calls.length }).toEqual({
          status: 0,
          stderr: '',
          created: [
            [
              ...createPool,
              `--display-name=${poolRequest.body.displayName}`,
              `--description=${poolRequest.body.description}`,
            ],
            [
              ...createProvider,
              `--display-name=${providerRequest.body.displayName}`,
              `--description=${providerRequest.body.description}`,
              ...settings.slice(2, 5),
              `--attribute-condition=${providerRequest.body.attributeCondition}`,
            ],
          ],
          count: 4,
        });
      }),
      { numRuns: 15 },
    );
  }, 60_000);

  test("writes an audience with commas in gcloud's list syntax, so that it is not split", () => {
    const written = (audience: string) =>
      run(script(target(), facts({ audience }))).calls[3]?.find((word) => word.startsWith('--allowed'));
    expect([written('a,b'), written('^a'), written('a,b;c')]).toEqual([
      '--allowed-audiences=^;^a,b',
      '--allowed-audiences=^,^^a',
      '--allowed-audiences=^|^a,b;c',
    ]);
  });

  testWith(['gcloud'])(
    'makes the real gcloud send exactly the requests of the list',
    async () => {
      const given = [
        target({ service_account }),
        facts({ connection: { id: 'con_7h2k9', name: `it's "a" \${b} \`c\`` } }),
      ] as const;
      const [poolRequest, providerRequest, binding] = JSON.parse(contentOf(setup(...given), 'requests.json'));
      const { status, received } = await runRealGcloud(script(...given));
      expect(status).toBe(0);
      const path = (url: string) => url.replace('https://iam.googleapis.com', '');
      expect(received.filter(({ method }) => method === 'POST')).toEqual([
        {
          method: 'POST',
          path: path(poolRequest.url),
          query: poolRequest.query,
          body: { ...poolRequest.body, disabled: false },
        },
        {
          method: 'POST',
          path: path(providerRequest.url),
          query: providerRequest.query,
          body: { ...providerRequest.body, disabled: false },
        },
        { method: 'POST', path: path(binding.read.url), query: binding.read.query, body: null },
        {
          method: 'POST',
          path: path(binding.url),
          query: binding.query,
          body: { policy: { etag: 'QUJD', version: 3, bindings: [binding.binding] } },
        },
      ]);
    },
    90_000,
  );

  for (const [what, condition, status] of [
    ['stops before the condition of another connection', { attributeCondition: "assertion.sub=='con_2'" }, 1],
    ['goes on where there is no condition', {}, 0],
  ] as const)
    testWith(['gcloud'])(
      `with the provider output of the real gcloud, ${what}`,
      async () => {
        const found = { name: provider, state: 'ACTIVE', oidc: { issuerUri: issuer }, ...condition };
        const ran = await runRealGcloud(script(target(), facts()), {
          [`/v1/${pool}`]: { name: pool, state: 'ACTIVE' },
          [`/v1/${provider}`]: found,
        });
        expect([ran.status, ran.received.filter(({ method }) => method !== 'GET')]).toEqual([
          status,
          status === 0 ? [expect.objectContaining({ method: 'PATCH', path: `/v1/${provider}` })] : [],
        ]);
      },
      90_000,
    );
});
