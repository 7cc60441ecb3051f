import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { compactVerify, createRemoteJWKSet, decodeJwt, decodeProtectedHeader } from 'jose';
import { type CloudName, clouds } from '../../../src/clouds/index.ts';
import { testWith } from '../../support/programs.ts';
import { openPipeline, type Pipeline, without } from '../../tokens/exchange/pipeline.ts';
import { inTemporaryDirectory } from '../setup/arrange.ts';
import { administrator, runProgram } from '../setup/aws.arrange.ts';
import { run } from '../setup/gcloud.arrange.ts';
import {
  type AtAws,
  account,
  atAws,
  atAzure,
  atGcp,
  type Made,
  obstacle,
  outcomes,
  prepareGcp,
  type Told,
  trust,
  verify,
} from './customers.ts';

let pipeline: Pipeline;
let offset = 0;

beforeAll(async () => {
  pipeline = await openPipeline({
    now: () => Date.now() + offset * 1000,
    // Or a jump of the clock is a store that was not seen for so long.
    config: { keys: { stale_after: '7d' } },
  });
  await prepareGcp(pipeline);
}, 60_000);
afterAll(() => pipeline.close());
afterEach(async () => {
  for (const cloud of ['aws', 'azure', 'gcp']) await pipeline.callSandbox('PUT', '/faults', { cloud });
});

/** Server and clouds together. */
const later = async (seconds: number) => {
  offset += seconds;
  await pipeline.callSandbox('PUT', '/clock', { offset_seconds: offset });
};
const asAccount = { target: { service_account: account } };
const sibling = ({ connection: { subject } }: Made) => `${subject.slice(0, -1)}u`;
const linesOf = ({ connection: { id } }: Made) => pipeline.audit(`connection=${id}`);
const stateOf = async ({ connection: { id } }: Made) =>
  (await pipeline.admin.get<{ state: string }>(`/connections/${id}`)).state;

/** What the server does by itself, awaited for a bounded time. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('it did not come to pass');
}

const allPassed = [
  'target passed',
  'exchange passed',
  'identity passed',
  'probe_unknown_subject passed',
  'probe_other_subject passed',
  'probe_wrong_audience passed',
];

describe('a correctly set up connection', () => {
  test.each<[string, () => Promise<Made>, RegExp]>([
    ['AWS', () => atAws(pipeline), /^STS reports the session arn:aws:sts::\d{12}:assumed-role\/vendor\//],
    [
      'Azure',
      () => atAzure(pipeline),
      /^The access token is for application \S+ of directory \S+, and Resource Manager accepts it\.$/,
    ],
    [
      'Azure, with tokens for something else',
      () => atAzure(pipeline, { target: { scope: 'https://vault.azure.net/.default' } }),
      /^The access token is for application \S+ of directory \S+, according to its claims\. /,
    ],
    ...(['usgov', 'china'] as const).map((environment): [string, () => Promise<Made>, RegExp] => [
      `Azure, in the national cloud ${environment}`,
      () => atAzure(pipeline, { target: { environment } }),
      /^The access token is for application \S+ of directory \S+, and Resource Manager accepts it\.$/,
    ]),
    [
      'Google Cloud',
      () => atGcp(pipeline),
      /^Google accepts the token of the federated identity, which may not see project/,
    ],
    [
      'Google Cloud, with a service account',
      () => atGcp(pipeline, asAccount),
      /^Google accepts the token of deployer@acme-prod\.iam\.gserviceaccount\.com, which may not see project/,
    ],
  ])(
    'becomes active at %s after the cloud has identified the credentials and refused three probes',
    async (_, set, identity) => {
      const made = await set();
      const told = await verify(pipeline, made.connection);
      expect({ outcomes: outcomes(told), ...without({ ...told }, 'checks') }).toEqual({
        outcomes: allPassed,
        verdict: 'active',
        state: 'active',
        retry_at: null,
      });
      expect(told.checks[2]?.detail).toMatch(identity);
      expect(told.checks.map(({ advice }) => advice)).toEqual(told.checks.map(() => null));
      const probed = (await linesOf(made)).filter(({ event }) => event === 'connection.probed');
      expect(probed.map((line) => without(line, 'reason', 'kid', 'jti')).toReversed()).toEqual(
        [
          ['probe_unknown_subject', { sub: `probe_${made.connection.subject}` }],
          ['probe_other_subject', { sub: sibling(made) }],
          [
            'probe_wrong_audience',
            {
              aud:
                made.connection.audience === 'sts.amazonaws.com'
                  ? 'api://AzureADTokenExchange'
                  : 'sts.amazonaws.com',
            },
          ],
        ].map(([probe, wrong]) => ({
          event: 'connection.probed',
          outcome: 'ok',
          actor: 'system',
          connection: made.connection.id,
          tenant: pipeline.tenant.id,
          ...(wrong as object),
          facts: { probe, result: 'refused' },
        })),
      );
      expect(new Set(probed.map(({ jti }) => jti)).size).toBe(3);
    },
  );
});

describe('verification finds trust that is too broad although the connection works:', () => {
  const subject = [
    'probe_unknown_subject failed',
    'probe_other_subject failed',
    'probe_wrong_audience passed',
  ];
  const byShape = [
    'probe_unknown_subject passed',
    'probe_other_subject failed',
    'probe_wrong_audience passed',
  ];
  const byEnd = ['probe_unknown_subject failed', 'probe_other_subject passed', 'probe_wrong_audience passed'];
  const audience = [
    'probe_unknown_subject passed',
    'probe_other_subject passed',
    'probe_wrong_audience failed',
  ];
  const withCondition = (of: (name: string, subject: string) => object) => () =>
    atAws(pipeline, { trust: (facts) => trust(facts, of(facts.name, facts.subject)) });
  const withProvider =
    (patch: (subject: string) => object, given: object = {}) =>
    async () => {
      const made = await atGcp(pipeline, given);
      await made.change(patch(made.connection.subject));
      return made;
    };
  const aud = 'sts.amazonaws.com';

  test.each<[string, () => Promise<Made>, string[], RegExp]>([
    [
      'AWS, no test of sub',
      withCondition((n) => ({ StringEquals: { [`${n}:aud`]: aud } })),
      subject,
      /update-assume-role-policy/,
    ],
    [
      'AWS, StringLike *',
      withCondition((n) => ({ StringLike: { [`${n}:sub`]: '*' } })),
      subject,
      /update-assume-role-policy/,
    ],
    [
      'AWS, StringLike con_*',
      withCondition((n) => ({ StringLike: { [`${n}:sub`]: 'con_*' } })),
      byShape,
      /StringEquals/,
    ],
    [
      'AWS, StringLike with its own beginning',
      withCondition((n, s) => ({ StringLike: { [`${n}:sub`]: `${s.slice(0, 20)}*` } })),
      byShape,
      /StringEquals/,
    ],
    [
      'AWS, StringLike with its own end',
      withCondition((n, s) => ({ StringLike: { [`${n}:sub`]: `*${s}` } })),
      byEnd,
      /StringEquals/,
    ],
    [
      'AWS, StringNotEquals',
      withCondition((n) => ({ StringNotEquals: { [`${n}:sub`]: 'con_other' } })),
      subject,
      /StringEquals/,
    ],
    [
      'AWS, any audience that the provider lists',
      () =>
        atAws(pipeline, {
          clientIds: [aud, 'api://AzureADTokenExchange'],
          trust: (facts) => trust(facts, { StringEquals: { [`${facts.name}:sub`]: facts.subject } }),
        }),
      audience,
      /:aud/,
    ],
    [
      'Azure, a second credential for a subject of the same shape',
      () =>
        atAzure(pipeline, {
          credentials: (sound) => [sound, { ...sound, subject: `${sound.subject.slice(0, -1)}u` }],
        }),
      byShape,
      /^az rest --method get --url "https:\/\/management\.azure\.com\$\(az identity list /,
    ],
    [
      'Google Cloud, no condition',
      withProvider(() => ({ attributeCondition: '' })),
      subject,
      /--attribute-condition='?assertion\.sub==/,
    ],
    [
      'Google Cloud, a condition on the beginning',
      withProvider(() => ({ attributeCondition: "assertion.sub.startsWith('con_')" })),
      byShape,
      /--attribute-condition=/,
    ],
    [
      'Google Cloud, no condition, although only the right subject may become the service account',
      withProvider(() => ({ attributeCondition: '' }), asAccount),
      subject,
      /--attribute-condition=/,
    ],
    [
      'Google Cloud, a second audience',
      async () => {
        const made = await atGcp(pipeline);
        const { audience: own } = made.connection;
        await made.change({ oidc: { issuerUri: pipeline.issuer, allowedAudiences: [own, aud] } });
        return made;
      },
      audience,
      /--allowed-audiences=https:\/\/iam\.googleapis\.com/,
    ],
  ])('%s', async (_, set, found, fix) => {
    const made = await set();
    const told = await verify(pipeline, made.connection);
    expect({
      outcomes: outcomes(told),
      verdict: told.verdict,
      state: told.state,
      retry_at: told.retry_at,
    }).toEqual({
      outcomes: ['target passed', 'exchange passed', 'identity passed', ...found],
      verdict: 'failing',
      state: 'failing',
      retry_at: null,
    });
    const first = obstacle(told);
    expect(first?.detail).toMatch(/^THE CLOUD ADMITTED a token with .+ Others can get access\./);
    expect(first?.condition).toBe(found === audience ? 'audience_too_broad' : 'subject_too_broad');
    expect(first?.fix).toMatch(fix);
    expect(
      (await linesOf(made)).map(({ outcome, facts }) => [outcome, (facts as { result?: string })?.result]),
    ).toContainEqual(['failed', 'admitted']);
    // The credentials that the probe got are in neither the answer, nor the audit, nor the log.
    const everywhere = JSON.stringify([told, await linesOf(made)]) + pipeline.server.logged();
    expect(everywhere).not.toMatch(/ASIA[A-Z0-9]{16}|ya29\.|eyJ[\w-]{20,}\./);
  });
});

describe('the fix of a check', () => {
  /** The words of a command, as a shell reads them. */
  const words = (command = ''): string[] =>
    execFileSync('sh', ['-c', `printf '%s\\n' ${command}`], { encoding: 'utf8' }).split('\n');

  /** What the command writes where gcloud finds this condition. */
  const conditionSetBy = (command = '', present: string): string | undefined => {
    const flag = '--attribute-condition=';
    const [, written = []] = run(command, { provider: present }).calls;
    return written.find((word) => word.startsWith(flag))?.slice(flag.length);
  };

  const before = {
    Sid: 'Before',
    Effect: 'Allow',
    Principal: { AWS: 'arn:aws:iam::999988887777:root' },
    Action: 'sts:AssumeRole',
    Condition: { StringEquals: { 'sts:ExternalId': "acme's id" } },
  };
  const denied = {
    Effect: 'Deny',
    Principal: '*',
    Action: 'sts:AssumeRole',
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
  /** Of a token that says exactly this. */
  const entry = ({ facts: { name, provider } }: AtAws, sub: unknown) => ({
    Effect: 'Allow',
    Principal: { Federated: provider },
    Action: ['sts:AssumeRoleWithWebIdentity'],
    Condition: { StringEquals: { [`${name}:aud`]: 'sts.amazonaws.com', [`${name}:sub`]: sub } },
  });
  const added = (made: AtAws) => ({
    Sid: `Sojourn${made.connection.id.replace('_', '')}`,
    ...entry(made, made.connection.subject),
  });
  const paste = async ({ account }: AtAws, command = ''): Promise<void> => {
    const env = administrator(`${pipeline.sandbox}/aws`, account);
    const ran = await inTemporaryDirectory((cwd) => runProgram('sh', ['-c', command], { cwd, env }));
    expect(ran).toEqual({ status: 0, stdout: '', stderr: '' });
  };

  testWith(['aws'])(
    'admits the connection at AWS and keeps the existing trust',
    async () => {
      const made = await atAws(pipeline);
      const other = entry(made, 'con_2');
      await made.change({ Version: '2012-10-17', Statement: [before, denied, other] });
      const { condition, fix } = obstacle(await verify(pipeline, made.connection)) ?? {};
      expect(condition).toBe('trust');
      await paste(made, fix);
      expect(await made.statements()).toEqual([before, denied, other, added(made)]);
      expect(outcomes(await verify(pipeline, made.connection))).toEqual(allPassed);
      await paste(made, fix);
      expect(await made.statements()).toEqual([before, denied, other, added(made)]);
    },
    60_000,
  );

  testWith(['aws'])(
    'extends the single statement of a role that was created for the connection',
    async () => {
      const made = await atAws(pipeline, { target: { session_tags: { Team: 'blue' } } });
      const { condition, fix } = obstacle(await verify(pipeline, made.connection)) ?? {};
      expect(condition).toBe('session_tags');
      await paste(made, fix);
      const Action = ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession'];
      expect(await made.statements()).toEqual([{ ...added(made), Action }]);
      expect(outcomes(await verify(pipeline, made.connection))).toEqual(allPassed);
    },
    60_000,
  );

  testWith(['aws'])(
    'removes at AWS other subjects of this issuer, and no other principal',
    async () => {
      const made = await atAws(pipeline, { clientIds: ['sts.amazonaws.com', 'api://AzureADTokenExchange'] });
      const { name, subject, provider } = made.facts;
      const other = entry(made, ['con_2', 'con_3']);
      const wide = (Condition: object | undefined, more: object = {}) => ({
        ...entry(made, subject),
        ...(Condition ? { Condition } : {}),
        ...more,
      });
      const like = { StringLike: { [`${name}:sub`]: 'con_*' } };
      const saml = `${provider.slice(0, provider.indexOf(':oidc'))}:saml-provider/acme`;
      await made.change({
        Version: '2012-10-17',
        Statement: [
          before,
          wide(like),
          wide({ StringEquals: { [`${name}:sub`]: subject } }),
          wide({ StringEquals: { [`${name}:sub`]: '${saml:sub}' } }),
          wide(like, { Principal: { Federated: [saml, provider] } }),
          denied,
          other,
          entry(made, subject),
        ],
      });
      const { condition, fix } = obstacle(await verify(pipeline, made.connection)) ?? {};
      expect(condition).toBe('subject_too_broad');
      await paste(made, fix);
      const kept = wide(like, { Principal: { Federated: [saml] } });
      expect(await made.statements()).toEqual([before, kept, denied, other, added(made)]);
      expect(outcomes(await verify(pipeline, made.connection))).toEqual(allPassed);
    },
    60_000,
  );

  test('restricts the trust at Google Cloud', async () => {
    const made = await atGcp(pipeline);
    const wide = "assertion.sub != '' && assertion.iss != 'x'";
    await made.change({ attributeCondition: wide });
    const { fix } = obstacle(await verify(pipeline, made.connection)) ?? {};
    const attributeCondition = conditionSetBy(fix, wide);
    expect(attributeCondition).toBe(`assertion.sub=='${made.connection.subject}' && (${wide})`);
    await made.change({ attributeCondition });
    expect(outcomes(await verify(pipeline, made.connection))).toEqual(allPassed);
  });

  test('admits the connection at Google Cloud beside others, and stops at other restrictions', async () => {
    const made = await atGcp(pipeline);
    const another = "assertion.sub in ['con_b', 'con_c']";
    await made.change({ attributeCondition: another });
    const { fix } = obstacle(await verify(pipeline, made.connection)) ?? {};
    const own = `assertion.sub=='${made.connection.subject}'`;
    expect(conditionSetBy(fix, another)).toBe(`${own} || ${another}`);
    expect(conditionSetBy(fix, '')).toBe(own);
    for (const restricted of ["assertion.sub=='x' && assertion.jti!='y'", "assertion.sub=='x'\n|| true"])
      expect(run(fix ?? '', { provider: restricted })).toEqual({
        status: 1,
        stderr: `The condition asks for more than a subject. Nothing was changed. Change it yourself so that it is true where ${own}:\n${restricted}\n`,
        calls: [expect.arrayContaining(['describe'])],
      });
    await made.change({ attributeCondition: conditionSetBy(fix, another) });
    expect(outcomes(await verify(pipeline, made.connection))).toEqual(allPassed);
  });

  test('admits the connection at Azure', async () => {
    const made = await atAzure(pipeline, {
      credentials: (sound) => [{ ...sound, audiences: ['api://Other'] }],
    });
    const { fix = '' } = obstacle(await verify(pipeline, made.connection)) ?? {};
    // The word after --body, with the command substitution of the URL left out: there is no az here.
    const [body = ''] = words(fix.slice(fix.indexOf(' --body ') + 8));
    await made.change((JSON.parse(body) as { properties: unknown }).properties);
    expect(outcomes(await verify(pipeline, made.connection))).toEqual(allPassed);
  });
});

describe('a change that is still propagating', () => {
  test.each<[string, number, () => Promise<Made>]>([
    ['aws', 15, () => atAws(pipeline)],
    ['azure', 600, () => atAzure(pipeline)],
    ['gcp', 90, () => atGcp(pipeline, asAccount)],
  ])('at %s is retried for up to %d seconds until the connection works', async (cloud, seconds, set) => {
    await pipeline.callSandbox('PUT', '/faults', { cloud, propagation_seconds: seconds - 5 });
    const made = await set();
    const told = await verify(pipeline, made.connection);
    expect(outcomes(told)).toEqual(['target passed', 'exchange propagating']);
    expect({ verdict: told.verdict, state: told.state, retry_at: told.retry_at }).toEqual({
      verdict: 'failing',
      state: 'pending',
      retry_at: expect.any(String),
    });
    await later(seconds - 2);
    await until(async () => (await stateOf(made)) === 'active');
    const [verified] = (await linesOf(made)).filter(({ event }) => event === 'connection.verified');
    expect(verified).toEqual({
      event: 'connection.verified',
      outcome: 'ok',
      actor: 'system',
      connection: made.connection.id,
      tenant: pipeline.tenant.id,
      facts: { verdict: 'active', state: 'active' },
    });
  });

  test('counts as failed if it has not arrived after the propagation time', async () => {
    const made = await atAws(pipeline, { role: 'another' });
    expect(outcomes(await verify(pipeline, made.connection))).toEqual([
      'target passed',
      'exchange propagating',
    ]);
    expect(await stateOf(made)).toBe('pending');
    await later(16);
    await until(async () => (await stateOf(made)) === 'failing');
    const { verification } = await pipeline.admin.get<{ verification: Told }>(
      `/connections/${made.connection.id}/verification`,
    );
    expect(outcomes(verification)).toEqual(['target passed', 'exchange failed']);
    expect(verification.retry_at).toBeNull();
  });

  test('is not assumed for refusals that propagation cannot explain', async () => {
    const made = await atAzure(pipeline, {
      credentials: (sound) => [{ ...sound, audiences: ['api://Other'] }],
    });
    const told = await verify(pipeline, made.connection);
    expect(outcomes(told)).toEqual([
      'target passed',
      'issuer_discovery passed',
      'issuer_jwks passed',
      'exchange failed',
    ]);
    expect({ state: told.state, retry_at: told.retry_at }).toEqual({ state: 'failing', retry_at: null });
  });
});

test('two concurrent verifications of a connection share one run, and a later one starts a new run', async () => {
  const made = await atAws(pipeline);
  await pipeline.callSandbox('PUT', '/faults', { cloud: 'aws', delay_ms: 300 });
  const before = (await pipeline.tokenRequests()).length;
  const [first, second] = await Promise.all([
    verify(pipeline, made.connection),
    verify(pipeline, made.connection),
  ]);
  await pipeline.callSandbox('PUT', '/faults', { cloud: 'aws' });
  expect(first).toMatchObject({ verdict: 'active', state: 'active' });
  expect(second).toEqual(first);
  // The exchange and three probes.
  expect((await pipeline.tokenRequests()).length - before).toBe(4);
  await verify(pipeline, made.connection);
  expect((await pipeline.tokenRequests()).length - before).toBe(8);
}, 60_000);

describe('a failure of an active connection', () => {
  const told = async (made: Made) => {
    const { verdict, state, retry_at } = await verify(pipeline, made.connection);
    return { verdict, state, retry: retry_at !== null };
  };
  const drifts = async (made: Made) =>
    (await linesOf(made))
      .map(({ event }) => event)
      .filter((event) => /drifted|recovered/.test(String(event)));

  test('counts as drift only if it is seen again a minute later', async () => {
    const made = await atGcp(pipeline);
    expect(await told(made)).toEqual({ verdict: 'active', state: 'active', retry: false });
    await made.change({ attributeCondition: "assertion.sub=='con_other'" });
    expect(await told(made)).toEqual({ verdict: 'failing', state: 'active', retry: true });
    await later(55);
    expect(await told(made)).toEqual({ verdict: 'failing', state: 'active', retry: true });
    expect(await drifts(made)).toEqual([]);
    await later(6);
    await until(async () => (await stateOf(made)) === 'failing');
    expect(await drifts(made)).toEqual(['connection.drifted']);
  });

  test('is reported at once if the cloud admits others, and changes the state when it is seen again', async () => {
    const made = await atGcp(pipeline);
    await made.change({ attributeCondition: "assertion.sub != ''" });
    const exposures = async () =>
      (await linesOf(made))
        .filter(({ event }) => event === 'connection.exposed')
        .map(({ outcome, facts }) => ({ outcome, facts }));
    expect(await told(made)).toEqual({ verdict: 'failing', state: 'failing', retry: false });
    expect(await exposures()).toEqual([]);
    await made.change({ attributeCondition: `assertion.sub=='${made.connection.subject}'` });
    expect(await told(made)).toEqual({ verdict: 'active', state: 'active', retry: false });
    await made.change({ attributeCondition: "assertion.sub != ''" });
    for (const _again of [1, 2])
      expect(await told(made)).toEqual({ verdict: 'failing', state: 'active', retry: true });
    const exposed = [{ outcome: 'failed', facts: { probe: 'probe_unknown_subject' } }];
    expect(await exposures()).toEqual(exposed);
    await later(61);
    await until(async () => (await stateOf(made)) === 'failing');
    expect(await exposures()).toEqual(exposed);
  });

  test('is forgotten if the next verification succeeds', async () => {
    const made = await atGcp(pipeline);
    await told(made);
    const right = { attributeCondition: `assertion.sub=='${made.connection.subject}'` };
    for (const attributeCondition of ["assertion.sub=='con_other'", "assertion.sub=='con_another'"]) {
      await made.change({ attributeCondition });
      expect(await told(made)).toEqual({ verdict: 'failing', state: 'active', retry: true });
      await made.change(right);
      expect(await told(made)).toEqual({ verdict: 'active', state: 'active', retry: false });
      await later(61);
    }
    expect(await drifts(made)).toEqual([]);
  });
});

describe('the scheduled verification', () => {
  test('records drift and recovery once a day, and does not take an outage for drift', async () => {
    const made = await atGcp(pipeline);
    expect(await verify(pipeline, made.connection)).toMatchObject({ state: 'active' });
    const events = async () =>
      (await linesOf(made))
        .map(({ event, outcome, reason }) => [event, outcome, reason])
        .filter(([event]) => /drifted|recovered/.test(String(event)))
        .toReversed();
    const verifiedBySystem = async () =>
      (await linesOf(made)).filter(
        ({ event, actor }) => event === 'connection.verified' && actor === 'system',
      ).length;

    await pipeline.callSandbox('PUT', '/faults', { cloud: 'gcp', outage: true });
    await later(25 * 3600);
    await until(async () => (await verifiedBySystem()) === 1);
    expect([await stateOf(made), await events()]).toEqual(['active', []]);
    const { verification } = await pipeline.admin.get<{ verification: Told }>(
      `/connections/${made.connection.id}/verification`,
    );
    expect([verification.verdict, verification.state, obstacle(verification)?.outcome]).toEqual([
      'failing',
      'active',
      'inconclusive',
    ]);

    await pipeline.callSandbox('PUT', '/faults', { cloud: 'gcp' });
    await made.change({ attributeCondition: "assertion.sub=='con_other'" });
    await later(70);
    await until(async () => (await verifiedBySystem()) === 2);
    expect([await stateOf(made), await events()]).toEqual(['active', []]);
    await later(61);
    await until(async () => (await stateOf(made)) === 'failing');
    const drifted = ['connection.drifted', 'failed', 'exchange: subject'];
    expect(await events()).toEqual([drifted]);

    await made.change({ attributeCondition: `assertion.sub=='${made.connection.subject}'` });
    await later(4000);
    await until(async () => (await stateOf(made)) === 'active');
    expect(await events()).toEqual([drifted, ['connection.recovered', 'ok', undefined]]);
  }, 60_000);
});

describe('the signed verification', () => {
  test('is complete, signed by the issuer, and accepted nowhere as a token', async () => {
    const made = await atAws(pipeline);
    const { connection } = made;
    const none = await pipeline.admin.get(`/connections/${connection.id}/verification`).catch(String);
    expect(none).toMatch(/verification_not_found/);
    const told = await verify(pipeline, connection);
    const { verification, jws } = await pipeline.admin.get<{
      verification: Record<string, unknown>;
      jws: string;
    }>(`/connections/${connection.id}/verification`);
    expect(verification).toEqual({
      connection: connection.id,
      name: 'prod',
      tenant: pipeline.tenant.id,
      cloud: 'aws',
      issuer: pipeline.issuer,
      subject: connection.subject,
      audience: connection.audience,
      algorithm: 'ES256',
      ...told,
      actor: 'admin',
      started_at: expect.stringMatching(/Z$/),
      finished_at: expect.stringMatching(/Z$/),
    });
    const keys = createRemoteJWKSet(new URL(`${pipeline.issuer}/jwks`));
    const { payload, protectedHeader } = await compactVerify(jws, keys);
    expect(JSON.parse(Buffer.from(payload).toString())).toEqual({ iss: pipeline.issuer, verification });
    expect(protectedHeader).toEqual({
      alg: 'ES256',
      typ: 'sojourn-verification+jwt',
      kid: expect.any(String),
    });
    expect(decodeProtectedHeader(jws).typ).toBe('sojourn-verification+jwt');
    expect(Object.keys(decodeJwt(jws)).toSorted()).toEqual(['iss', 'verification']);

    const aws = await fetch(`${pipeline.sandbox}/aws`, {
      method: 'POST',
      body: new URLSearchParams({
        Action: 'AssumeRoleWithWebIdentity',
        Version: '2011-06-15',
        RoleArn: made.facts.provider.replace(/:oidc-provider.*/, ':role/vendor'),
        RoleSessionName: 'report',
        WebIdentityToken: jws,
      }),
    });
    expect([aws.status, await aws.text()]).toEqual([
      400,
      expect.stringContaining('Missing a required claim: sub'),
    ]);
    expect(await pipeline.ask(`${connection.id}/token`, jws)).toMatchObject({ status: 401 });
    const { adminOrigin, adminToken } = pipeline.server;
    const gone = await fetch(`${adminOrigin}/admin/v1/connections/${connection.id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${adminToken}` },
    });
    expect(gone.status).toBe(204);
    expect(await pipeline.admin.get(`/connections/${connection.id}/verification`).catch(String)).toMatch(
      /connection_not_found/,
    );
  });

  test.each<[CloudName, () => Promise<Made>, string]>([
    ['azure', () => atAzure(pipeline), "AADSTS5002727: Invalid JWT header type specified, must be 'JWT'"],
    ['gcp', () => atGcp(pipeline), 'The audience in ID Token [] does not match the expected audience'],
  ])('is not accepted as a token at %s', async (cloud, set, refusal) => {
    const { connection } = await set();
    await verify(pipeline, connection);
    const { jws } = await pipeline.admin.get<{ jws: string }>(`/connections/${connection.id}/verification`);
    const { target } = await pipeline.admin.get<{ target: object }>(`/connections/${connection.id}`);
    const { sandbox } = pipeline;
    const entering = clouds[cloud].entry(target).exchange({
      connection: connection.id,
      settings: {
        aws: { sts_endpoint: null },
        azure: { authority_host: `${sandbox}/azure` },
        gcp: { sts_endpoint: `${sandbox}/gcp`, iam_credentials_endpoint: null },
      }[cloud],
      now: Date.now,
      signal: AbortSignal.timeout(5_000),
      sign: async () => ({ token: jws, jti: 'x' }),
    });
    await expect(entering).rejects.toThrow(refusal);
  });
});
