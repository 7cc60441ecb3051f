/**
 * The 31 rules that bite whoever federates with the three clouds, by their numbers. Each fault is made in the sandbox, or
 * in the documents of an issuer, and the doctor has to name the condition that does not hold, with what mends it. What
 * nobody can cause here is listed with the reason, and with what can be seen of it.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type Connection, resolveConnection } from '../../../src/access/connections/index.ts';
import type { CloudName } from '../../../src/clouds/index.ts';
import { jwksFaults } from '../../../src/onboarding/doctor/issuer-faults.ts';
import { refusedCheck } from '../../../src/onboarding/verification/diagnosis.ts';
import { SojournError } from '../../../src/platform/errors/index.ts';
import { makeKey, startTestIssuer, type TestIssuer } from '../../support/test-issuer.ts';
import { openPipeline, type Pipeline } from '../../tokens/exchange/pipeline.ts';
import {
  account,
  atAws,
  atAzure,
  atGcp,
  directory,
  obstacle,
  prepareGcp,
  trust,
  verify,
} from '../verification/customers.ts';

/** Our server is its own issuer. */
let plain: Pipeline;
/** Our server's issuer is seen through a front that can be bent, and that also signs what our server never would. */
let bent: Pipeline;
let front: TestIssuer;
let published: TestIssuer['jwks'];
let discovery: TestIssuer['discovery'];

beforeAll(async () => {
  front = await startTestIssuer({ path: '/t/1' });
  front.headers = { 'cache-control': 'no-cache' };
  [plain, bent] = await Promise.all([openPipeline(), openPipeline({ front })]);
  await prepareGcp(plain);
  await prepareGcp(bent);
  published = (await (await fetch(`${bent.base}/jwks`)).json()) as TestIssuer['jwks'];
  discovery = (await (
    await fetch(`${bent.base}/.well-known/openid-configuration`)
  ).json()) as TestIssuer['discovery'];
}, 60_000);
afterAll(async () => {
  await plain.close();
  await bent.close();
  await front.close();
});
afterEach(async () => {
  for (const cloud of ['aws', 'azure', 'gcp']) await plain.callSandbox('PUT', '/faults', { cloud });
  await plain.callSandbox('PUT', '/clock', { offset_seconds: 0 });
});

interface Named {
  readonly name?: string;
  readonly outcome?: string;
  readonly condition?: string;
  readonly detail?: string;
  readonly advice?: string | null;
  readonly fix?: string;
}

const first = async (pipeline: Pipeline, made: Promise<{ connection: { id: string } }>): Promise<Named> =>
  obstacle(await verify(pipeline, (await made).connection)) ?? {};

/** The documents as the world sees them, bent; sound again afterwards. */
async function seen(bend: () => void, made: () => Promise<{ connection: { id: string } }>): Promise<Named> {
  front.jwks = { keys: published.keys.map((key) => ({ ...key })) };
  front.discovery = { ...discovery };
  front.status = 200;
  const set = await made();
  bend();
  return first(bent, Promise.resolve(set));
}

/** What our server never signs, signed by another key of the same issuer and shown to the cloud by our own code. */
async function shown(
  cloud: CloudName,
  made: Promise<{ connection: { id: string } }>,
  token: (claims: Record<string, unknown>) => Promise<string>,
): Promise<Named> {
  const { id } = (await made).connection;
  const connection = await bent.admin.get<Connection>(`/connections/${id}`);
  front.jwks = { keys: front.keys.map(({ publicJwk }) => ({ ...publicJwk })) };
  front.discovery = { ...discovery };
  front.status = 200;
  const resolved = resolveConnection(connection);
  const { destination } = resolved;
  const iat = Math.floor(Date.now() / 1000);
  const sound = {
    iss: front.issuer,
    sub: id,
    aud: destination.audience,
    iat,
    nbf: iat,
    exp: iat + 300,
    jti: 'x',
  };
  const { sandbox } = bent;
  try {
    await destination.exchange({
      connection: id,
      settings: {
        aws: { sts_endpoint: `${sandbox}/aws` },
        azure: { authority_host: `${sandbox}/azure` },
        gcp: { sts_endpoint: `${sandbox}/gcp`, iam_credentials_endpoint: null },
      }[cloud],
      now: Date.now,
      signal: AbortSignal.timeout(5_000),
      sign: async () => ({ token: await token(sound), jti: 'x' }),
    });
  } catch (error) {
    if (error instanceof SojournError) return refusedCheck('exchange', resolved, error, 'Vendor');
    throw error;
  }
  throw new Error('the cloud let it in');
}

/** What `sojourn lint` says by this rule of a document that the customer has. */
async function linted({ id }: { id: string }, rule: string, document: unknown): Promise<Named> {
  const { findings, corrected } = await plain.admin.post<{
    findings: { rule: string; detail: string; advice: string }[];
    corrected: string | null;
  }>(`/connections/${id}/lint`, { document: JSON.stringify(document) });
  const found = findings.find((one) => one.rule === rule);
  if (!found) return {};
  return {
    condition: rule,
    detail: found.detail,
    advice: found.advice,
    ...(corrected === null ? {} : { fix: corrected }),
  };
}

const asAccount = { target: { service_account: account } };
const signed =
  (header: object, patch: object = {}) =>
  (claims: object) =>
    front.sign({ ...claims, ...patch }, { ...header });

interface Rule {
  readonly rule: number;
  readonly fault: string;
  readonly named: () => Promise<Named>;
  readonly condition: string;
  /** What it says, in the detail or the advice. */
  readonly says: RegExp;
  readonly fix?: RegExp;
  readonly outcome?: 'propagating';
}

const rules: readonly Rule[] = [
  {
    rule: 1,
    fault: 'a token of type at+jwt, at Azure',
    named: () => shown('azure', atAzure(bent), signed({ typ: 'at+jwt' })),
    condition: 'token_rejected',
    says: /typ in the header of the token is not JWT\..*AADSTS5002727.*Report it as a bug of Sojourn/,
  },
  {
    rule: 2,
    fault: 'a token signed with ES256, at Azure',
    named: () => shown('azure', atAzure(bent), (claims) => front.sign(claims, {}, { key: front.keys[1]! })),
    condition: 'algorithm',
    says: /Entra accepts only RS256/,
    fix: /^sojourn connection update con_\w+ --algorithm RS256$/,
  },
  {
    rule: 3,
    fault: 'a slash at the end of the issuer, at AWS',
    named: () => first(plain, atAws(plain, { url: `${plain.issuer}/` })),
    condition: 'issuer',
    says: /with a trailing slash or in another case it is another provider/,
    fix: /^aws iam create-open-id-connect-provider [\s\S]*--url=http:\/\/127\.0\.0\.1:\d+ \\\n {2}--client-id-list=sts\.amazonaws\.com$/,
    outcome: 'propagating',
  },
  {
    rule: 3,
    fault: 'a slash at the end of the issuer, at Azure',
    named: () =>
      first(plain, atAzure(plain, { credentials: (sound) => [{ ...sound, issuer: `${sound.issuer}/` }] })),
    condition: 'issuer',
    says: /including a trailing slash/,
    fix: /^az rest --method put .* --body '\{"properties":\{"issuer":"http:\/\/127\.0\.0\.1:\d+","subject":"con_/,
    outcome: 'propagating',
  },
  {
    rule: 3,
    fault: 'a slash at the end of the issuer, at Google Cloud',
    named: () => first(plain, atGcp(plain, { provider: { oidc: { issuerUri: `${plain.issuer}/` } } })),
    condition: 'issuer_slash',
    says: /it has a trailing slash/,
    fix: /^gcloud iam workload-identity-pools providers update-oidc [\s\S]*--issuer-uri=http:\/\/127\.0\.0\.1:\d+$/,
  },
  {
    rule: 4,
    fault: 'a subject in another case, at Azure',
    named: () =>
      first(
        plain,
        atAzure(plain, { credentials: (sound) => [{ ...sound, subject: sound.subject.toUpperCase() }] }),
      ),
    condition: 'subject',
    says: /only in case.*Entra compares case/s,
    fix: /"subject":"con_[0-9a-z]{26}"/,
  },
  {
    rule: 5,
    fault: 'the audience of the wrong Azure',
    named: () =>
      first(
        plain,
        atAzure(plain, {
          credentials: (sound) => [{ ...sound, audiences: ['api://AzureADTokenExchangeUSGov'] }],
        }),
      ),
    condition: 'audience',
    says: /depends on target\.environment/,
    fix: /"audiences":\["api:\/\/AzureADTokenExchange"\]/,
  },
  {
    rule: 6,
    fault: 'a federated credential that is seconds old',
    named: async () => {
      await plain.callSandbox('PUT', '/faults', { cloud: 'azure', propagation_seconds: 300 });
      return first(plain, atAzure(plain));
    },
    condition: 'credential',
    says: /takes some minutes to propagate and can fail again after a first success/,
    outcome: 'propagating',
  },
  {
    rule: 7,
    fault: 'a key that the world does not see',
    named: () =>
      seen(
        () => (front.jwks = { keys: [] }),
        () => atAzure(bent),
      ),
    condition: 'issuer_documents',
    says: /jwks: the key [\w-]{43} is missing/,
    fix: /^sojourn lint http/,
  },
  {
    rule: 8,
    fault: 'documents behind a challenge',
    named: () =>
      seen(
        () => (front.status = 403),
        () => atAzure(bent),
      ),
    condition: 'issuer_documents',
    says: /openid-configuration: it answers 403/,
    fix: /^sojourn lint http/,
  },
  {
    rule: 9,
    fault: 'a token without iat, at Azure',
    named: () => shown('azure', atAzure(bent), signed({}, { iat: undefined })),
    condition: 'token_time',
    says: /has no iat or is valid for more than 25 hours.*AADSTS70023.*Report it as a bug of Sojourn/,
  },
  {
    rule: 10,
    fault: 'a clock that is wrong, at Azure',
    named: async () => {
      const made = await atAzure(plain);
      await plain.callSandbox('PUT', '/clock', { offset_seconds: 700 });
      return first(plain, Promise.resolve(made));
    },
    condition: 'token_time',
    says: /AADSTS700024.*Synchronize the clock of the server \(NTP\)/,
  },
  {
    rule: 11,
    fault: 'an application that the directory does not have',
    named: () =>
      first(plain, atAzure(plain, { target: { client_id: '99999999-9999-4999-8999-999999999999' } })),
    condition: 'target',
    says: new RegExp(
      `requested a token at https://login\\.microsoftonline\\.com for application 9{8}\\S+ of directory ${directory}`,
    ),
    fix: /^az identity list --query /,
    outcome: 'propagating',
  },
  {
    rule: 12,
    fault: 'two audiences in a federated credential',
    named: async () => {
      const { connection, sound } = await atAzure(plain);
      const document = { name: 'x', properties: { ...sound, audiences: [...sound.audiences, 'b'] } };
      return linted(connection, 'audiences', document);
    },
    condition: 'audiences',
    says: /must have exactly one audience/,
    fix: /"audiences": \[\n\s+"api:\/\/AzureADTokenExchange"\n\s+\]/,
  },
  {
    rule: 12,
    fault: 'a twenty-first federated credential',
    named: async () => {
      const { connection } = await atAzure(plain);
      const others = Array.from({ length: 20 }, (_, index) => ({
        issuer: 'https://a.example',
        subject: `s${index}`,
        audiences: ['a'],
      }));
      return linted(connection, 'limit', others);
    },
    condition: 'limit',
    says: /There are 20 credentials, and Entra allows 20\. Delete one that is not needed, or create another identity/,
  },
  {
    rule: 13,
    fault: 'a discovery document without one of the lists',
    named: () =>
      seen(
        () => (front.discovery = { ...discovery, subject_types_supported: undefined }),
        () => atAws(bent),
      ),
    condition: 'issuer_documents',
    says: /subject_types_supported is missing/,
    fix: /^sojourn lint http/,
  },
  {
    rule: 14,
    fault: 'an audience that the provider does not list',
    named: () => first(plain, atAws(plain, { clientIds: ['other'] })),
    condition: 'audience',
    says: /does not list the audience/,
    fix: /^aws iam add-client-id-to-open-id-connect-provider \\\n {2}--open-id-connect-provider-arn=arn:aws:iam::\d{12}:oidc-provider\/127\.0\.0\.1:\d+ \\\n {2}--client-id=sts\.amazonaws\.com$/,
  },
  {
    rule: 14,
    fault: 'key_ops in the JWKS',
    named: () =>
      seen(
        () => (front.jwks = { keys: published.keys.map((key) => ({ ...key, key_ops: ['verify'] })) }),
        () => atAws(bent),
      ),
    condition: 'issuer_documents',
    says: /has key_ops/,
    fix: /^sojourn lint http/,
  },
  {
    rule: 14,
    fault: 'an azp that is not the audience',
    named: () => shown('aws', atAws(bent), signed({}, { azp: 'somebody' })),
    condition: 'audience',
    says: /does not list the audience/,
  },
  {
    rule: 15,
    fault: 'several audiences, at AWS',
    named: () => shown('aws', atAws(bent), signed({}, { aud: ['sts.amazonaws.com', 'x'] })),
    condition: 'token_rejected',
    says: /several audiences and no azp.*Report it as a bug of Sojourn/,
  },
  {
    rule: 16,
    fault: 'conditions whose keys have lost the path',
    named: () =>
      seen(
        () => undefined,
        () =>
          atAws(bent, {
            trust: (facts) => {
              const host = facts.name.split('/')[0];
              return trust(facts, {
                StringEquals: { [`${host}:aud`]: 'sts.amazonaws.com', [`${host}:sub`]: facts.subject },
              });
            },
          }),
      ),
    condition: 'trust',
    says: /the keys of both conditions must contain the whole issuer with its path/,
    fix: /^trust=\$\(aws iam get-role \\\n {2}--role-name=vendor [\s\S]*"127\.0\.0\.1:\d+\/t\/1:sub":"con_[\s\S]* &&\naws iam update-assume-role-policy \\\n {2}--role-name=vendor --policy-document="\$trust"$/,
    outcome: 'propagating',
  },
  {
    rule: 16,
    fault: 'session tags without sts:TagSession',
    named: () => first(plain, atAws(plain, { target: { session_tags: { Team: 'blue' } } })),
    condition: 'session_tags',
    says: /admits the same token without session tags.*lacks sts:TagSession/,
    fix: /"sts:AssumeRoleWithWebIdentity","sts:TagSession"/,
  },
  {
    rule: 18,
    fault: 'session tags that are no lists',
    named: () =>
      shown(
        'aws',
        atAws(bent),
        signed({}, { 'https://aws.amazon.com/tags': { principal_tags: { Team: 'x' } } }),
      ),
    condition: 'token_rejected',
    says: /not lists of one value each.*Report it as a bug of Sojourn/,
  },
  {
    rule: 21,
    fault: 'sessions that are to be longer than the role allows',
    named: () => first(plain, atAws(plain, { target: { duration_seconds: 7200 } })),
    condition: 'duration',
    says: /exceeds the maximum session duration of the role/,
    fix: /^aws iam update-role \\\n {2}--role-name=vendor \\\n {2}--max-session-duration=7200$/,
  },
  {
    rule: 22,
    fault: 'the number of another project',
    named: () => first(plain, atGcp(plain, { target: { project_number: '999999999999' } })),
    condition: 'provider',
    says: /Sojourn requested a token for the provider projects\/999999999999\/locations\/global/,
    fix: /^gcloud iam workload-identity-pools providers describe/,
  },
  {
    rule: 23,
    fault: 'allowed audiences that switch the default off',
    named: () =>
      first(
        plain,
        atGcp(plain, { provider: { oidc: { issuerUri: plain.issuer, allowedAudiences: ['vendor'] } } }),
      ),
    condition: 'audience',
    says: /any list replaces the default audience/,
    fix: /--allowed-audiences=https:\/\/iam\.googleapis\.com\/projects\/\d+/,
  },
  {
    rule: 24,
    fault: 'a mapping that makes the subject too long',
    named: () =>
      first(
        plain,
        atGcp(plain, {
          provider: { attributeMapping: { 'google.subject': Array(5).fill('assertion.sub').join(' + ') } },
        }),
      ),
    condition: 'attribute_mapping',
    says: /a subject of more than 127 bytes/,
    fix: /--attribute-mapping=google\.subject=assertion\.sub$/,
  },
  {
    rule: 25,
    fault: 'a clock that is wrong, at Google Cloud',
    named: async () => {
      const made = await atGcp(plain);
      await plain.callSandbox('PUT', '/clock', { offset_seconds: -100 });
      return first(plain, Promise.resolve(made));
    },
    condition: 'token_time',
    says: /tolerates 60 seconds.*Synchronize the clock of the server \(NTP\)/,
  },
  {
    rule: 26,
    fault: 'an uploaded JWKS without the key',
    named: async () => {
      const { publicJwk } = await makeKey('ES256', 'of-last-year');
      const jwksJson = JSON.stringify({ keys: [publicJwk] });
      return first(
        plain,
        atGcp(plain, {
          target: { uploaded_jwks: true },
          provider: { oidc: { issuerUri: plain.issuer, jwksJson } },
        }),
      );
    },
    condition: 'uploaded_keys',
    says: /If a JWKS was uploaded to the provider, check it first/,
    fix: /^sojourn connection setup con_\w+ jwks\.json > jwks\.json\ngcloud [\s\S]*--jwk-json-path=jwks\.json$/,
  },
  {
    rule: 27,
    fault: 'a binding that is not there, or too new',
    named: () => first(plain, atGcp(plain, { ...asAccount, member: 'user:somebody@example.com' })),
    condition: 'binding',
    says: /Wait 90 seconds if the binding is new/,
    fix: /^gcloud iam service-accounts add-iam-policy-binding [\s\S]*--member=principal:\/\/iam\.googleapis\.com\/projects\/123456789012\/.*\/subject\/con_/,
    outcome: 'propagating',
  },
  {
    rule: 27,
    fault: 'a binding that names the project by its id',
    named: async () => {
      const { connection } = await atGcp(plain, asAccount);
      const member = `principal://iam.googleapis.com/projects/acme-prod/locations/global/workloadIdentityPools/p/subject/${connection.subject}`;
      return linted(connection, 'project_id', {
        bindings: [{ role: 'roles/iam.workloadIdentityUser', members: [member] }],
      });
    },
    condition: 'project_id',
    says: /the project number, not the project id/,
    fix: /principal:\/\/iam\.googleapis\.com\/projects\/123456789012\//,
  },
  {
    rule: 28,
    fault: 'x5c in the JWKS',
    named: async () => {
      const [found] = jwksFaults([{ ...front.keys[0]?.publicJwk, x5c: ['x'] }]);
      return { condition: 'jwks', ...(found ? { detail: found.problem, advice: found.advice } : {}) };
    },
    condition: 'jwks',
    says: /has x5c or x5t Remove them/,
  },
  {
    rule: 31,
    fault: 'a token that was written with a line break at its end, at Azure',
    named: () => shown('azure', atAzure(bent), async (claims) => `${await front.sign(claims)}\n`),
    condition: 'token_rejected',
    says: /does not accept the token as a JWT.*AADSTS50027/,
  },
];

describe('verification explains rule', () => {
  test.each(rules)('$rule: $fault', async ({ named, condition, says, fix, outcome }) => {
    const found = await named();
    expect(found.condition).toBe(condition);
    expect(`${found.detail} ${found.advice}`).toMatch(says);
    if (fix) expect(found.fix).toMatch(fix);
    if (found.outcome) expect(found.outcome).toBe(outcome ?? 'failed');
  });
});

/** Rules that neither the vendor nor the customer can violate in this test: the reason, and its proof. */
const elsewhere: readonly [number, string, () => Promise<void>][] = [
  [
    17,
    'the session name consists of ids, which STS accepts',
    async () => {
      await verify(plain, (await atAws(plain)).connection);
      const { entries } = (await plain.callSandbox('GET', '/log')) as {
        entries: { detail?: { RoleSessionName?: string } }[];
      };
      const names = entries.flatMap(({ detail }) => detail?.RoleSessionName ?? []);
      expect(names.length).toBeGreaterThan(3);
      expect(names.filter((name) => !/^[\w+=,.@-]{2,64}$/.test(name))).toEqual([]);
    },
  ],
  [
    19,
    "the customer's stack fails before it reports; the template explains the choice there",
    async () => {
      const { id } = (await atAws(plain)).connection;
      const file = await plain.admin.file(`/connections/${id}/setup/cloudformation.json`);
      expect((JSON.parse(file) as { Parameters: unknown }).Parameters).toMatchObject({
        CreateProvider: {
          AllowedValues: ['true', 'false'],
          Description: expect.stringContaining('Choose false'),
        },
      });
    },
  ],
  [
    20,
    'no template contains a URL of this server',
    async () => {
      const { id } = (await atAws(plain)).connection;
      const { items } = await plain.admin.get<{ items: { name: string }[] }>(`/connections/${id}/setup`);
      for (const { name } of items)
        expect(await plain.admin.file(`/connections/${id}/setup/${name}`)).not.toMatch(
          /templateURL=(?!https:\/\/[^/]*s3)/i,
        );
    },
  ],
  [
    29,
    'it is not a refusal: the impact of a revocation lists what each customer must do',
    async () => {
      await atGcp(plain);
      const { items: keys } = await plain.admin.get<{ items: { kid: string }[] }>('/keys');
      const { items } = await plain.admin.get<{ items: { cloud: string; trusted_for: string }[] }>(
        `/keys/${keys[0]?.kid}/impact`,
      );
      expect(items.find(({ cloud }) => cloud === 'gcp')?.trusted_for).toMatch(
        /still accepted after 21\.7 hours/,
      );
    },
  ],
  [
    30,
    'it concerns an SDK and its machine; our answers have the members that it needs',
    async () => {
      const { connection } = await atAws(plain);
      const { status, body } = await plain.ask(`${connection.id}/credentials?format=aws-container`);
      expect([status, Object.keys(body).toSorted()]).toEqual([
        200,
        expect.arrayContaining(['AccessKeyId', 'Expiration', 'SecretAccessKey', 'Token']),
      ]);
    },
  ],
];

test.each(elsewhere)('rule %i cannot be violated in this test: %s', async (_rule, _reason, shows) => {
  await shows();
});

test('the tests cover every rule', () => {
  const numbers = new Set([...rules.map(({ rule }) => rule), ...elsewhere.map(([rule]) => rule)]);
  expect([...numbers].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 31 }, (_, index) => index + 1));
});
