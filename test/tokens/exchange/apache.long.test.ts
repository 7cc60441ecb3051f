/** The preset oidc with Apache modules that verify tokens: any program with the token reads a protected path. */
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { type Apache, startApache } from '../../support/apache.ts';
import { areUsable, testWith } from '../../support/programs.ts';
import type { TestConnection } from '../../support/server.ts';
import { startTestIssuer, type TestIssuer } from '../../support/test-issuer.ts';
import { execModule } from './exec.ts';
import { openPipeline, type Pipeline } from './pipeline.ts';
import { startTlsFront, type TlsFront } from './tls-front.ts';

const programs = ['mod_oauth2', 'mod_auth_openidc'];
const test = testWith(programs);

interface Trust {
  readonly issuer: string;
  readonly audience: string;
  readonly subject: string;
}

/** How each module is set up with the values of trust.json. */
const locations = ({ issuer, audience, subject }: Trust) => ({
  '/mod_oauth2': `
    AuthType oauth2
    OAuth2TokenVerify jwks_uri ${issuer}/jwks verify.exp=required
    <RequireAll>
      Require oauth2_claim iss:${issuer}
      Require oauth2_claim aud:${audience}
      Require oauth2_claim sub:${subject}
    </RequireAll>`,
  '/mod_auth_openidc': `
    AuthType oauth20
    <RequireAll>
      Require claim iss:${issuer}
      Require claim aud:${audience}
      Require claim sub:${subject}
    </RequireAll>`,
});

let apache: Apache;
let front: TestIssuer;
let tls: TlsFront;
let pipeline: Pipeline;
let connection: TestConnection;
const connect = (audience: string) => pipeline.connect('oidc', { audience });
beforeAll(async () => {
  if (!areUsable(programs)) return;
  front = await startTestIssuer();
  pipeline = await openPipeline({ front });
  const { keys } = (await (await fetch(`${pipeline.base}/jwks`)).json()) as TestIssuer['jwks'];
  front.jwks.keys.push(...keys);
  connection = await connect('https://api.example');
  const trust = JSON.parse(
    await pipeline.admin.file(`/connections/${connection.id}/setup/trust.json`),
  ) as Trust;
  tls = await startTlsFront({ localhost: front.issuer });
  apache = await startApache({
    modules: ['oauth2', 'auth_openidc'],
    // mod_auth_openidc demands https. As www-data, it cannot read the authority in the temporary folder.
    settings: `OIDCOAuthVerifyJwksUri https://localhost:${tls.port}/jwks\nOIDCOAuthSSLValidateServer Off`,
    locations: locations(trust),
  });
});
afterAll(async () => {
  await apache?.stop();
  await pipeline?.close();
  await tls?.close();
  await front?.close();
});

/** The status of a GET with the token of the preset. */
const read = async (id: string, path: string) => {
  const { code, out, err } = await execModule(
    pipeline,
    [id],
    `const headers = { authorization: 'Bearer ' + process.env.OIDC_ACCESS_TOKEN };
    const answer = await fetch('${apache.origin}${path}', { headers });
    process.stdout.write(String(answer.status));`,
  );
  expect([code, err]).toEqual([0, '']);
  return out;
};

/** The answer to a token that the test signs. */
const status = async (path: string, changed: object = {}) => {
  const now = Math.floor(Date.now() / 1000);
  const { subject: sub, audience: aud } = connection;
  const token = await front.sign({ iss: front.issuer, sub, aud, iat: now, exp: now + 60, ...changed });
  return (await fetch(`${apache.origin}${path}`, { headers: { authorization: `Bearer ${token}` } })).status;
};

describe.each(programs)('%s', (name) => {
  const path = `/${name}`;

  test('opens a protected path to the token of a connection', async () => {
    expect(await read(connection.id, path)).toBe('200');
  });

  test('refuses the token of a connection with another audience, and so another subject', async () => {
    const { id } = await connect('https://other.example');
    expect(await read(id, path)).toBe('401');
  });

  test('refuses a token with one wrong claim, and one that has expired', async () => {
    expect([
      await status(path),
      await status(path, { iss: 'https://other.example' }),
      await status(path, { aud: 'https://other.example' }),
      await status(path, { sub: 'other' }),
      await status(path, { iat: 1, exp: 2 }),
      (await fetch(apache.origin + path)).status,
    ]).toEqual([200, 401, 401, 401, 401, 401]);
  });
});
