/** The main workflow for any store, from set-up to using credentials: with standard clients, and with our own exchange. */
import { AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { IdentityPoolClient } from 'google-auth-library';
import { createRemoteJWKSet, exportJWK, generateKeyPair, jwtVerify } from 'jose';
import * as azure from '../../src/sandbox/demo/customer/azure.ts';
import * as gcp from '../../src/sandbox/demo/customer/gcp.ts';
import { json } from '../../src/sandbox/demo/http.ts';
import { type ServedCredentials, useOnce } from '../../src/sandbox/demo/use.ts';
import { startSandbox } from '../../src/sandbox/index.ts';
import type { TestClient, TestConnection } from '../support/server.ts';
import { askedOf, azureLog, type CloudName, gcpLog } from './cloud-log.ts';
import { type Customer, cloudsAt, connectCustomer, places } from './customer.ts';
import { startEntraFront, tokenByMsal } from './entra-front.ts';
import type { ServerProcess } from './process.ts';
import { later, newFolder, server, steadyPort } from './stage.ts';
import { type FetchToken, type Proof, withOauth4webapi, withOpenidClient } from './standard-clients.ts';

const timeout = 120_000;

/** `store` says what the configuration and the environment hold beyond the plain ones. */
export function mainWorkflow(
  name: string,
  store: () => Promise<{ config: Record<string, unknown>; env: Record<string, string> }>,
): void {
  describe(`the main workflow on ${name}`, () => {
    let sandbox: string;
    let sojourn: ServerProcess;
    let customer: Customer;
    let secretClient: TestClient;
    let clients: Record<'client_secret' | 'private_key_jwt', { id: string; proof: Proof }>;

    beforeAll(async () => {
      const started = await startSandbox({ listen: { host: '127.0.0.1', port: 0 } });
      later(() => started.close());
      sandbox = started.origin;
      const { config, env } = await store();
      sojourn = await server({
        folder: await newFolder(),
        port: await steadyPort(),
        config: { ...config, clouds: cloudsAt(sandbox) },
        env,
      });
      customer = await connectCustomer(sojourn.admin, sandbox);
      const may_use = [{ tenant: customer.tenant }];
      const { publicKey, privateKey } = await generateKeyPair('ES256');
      const auth = { method: 'private_key_jwt', jwks: { keys: [await exportJWK(publicKey)] } };
      const post = (body: object) => sojourn.admin.post<TestClient>('/clients', body);
      secretClient = await post({ name: 'deployer', may_use });
      const keyClient = await post({ name: 'scanner', may_use, auth });
      clients = {
        client_secret: { id: secretClient.client_id, proof: { secret: secretClient.client_secret } },
        private_key_jwt: { id: keyClient.client_id, proof: { key: privateKey } },
      };
    }, timeout);

    const tokenFor = async ({ id }: { id: string }, fetchToken: FetchToken = withOpenidClient) => {
      const { proof, id: clientId } = clients.private_key_jwt;
      return (await fetchToken(sojourn.issuer, clientId, proof, `urn:sojourn:connection:${id}`)).access_token;
    };

    const asked = <T>(cloud: CloudName, work: () => Promise<T>) => askedOf(sandbox, cloud, work);

    const libraries = { 'openid-client': withOpenidClient, oauth4webapi: withOauth4webapi };
    const ways = Object.keys(libraries).flatMap((library) =>
      (['client_secret', 'private_key_jwt'] as const).map((method) => ({ library, method })),
    );

    test.each(ways)(
      '$library discovers the issuer and gets a token by $method, and jose verifies it',
      async ({ library, method }) => {
        const fetchToken = libraries[library as keyof typeof libraries];
        const { id, proof } = clients[method];
        for (const connection of [customer.aws, customer.azure, customer.gcp]) {
          const before = Math.floor(Date.now() / 1000);
          const fetched = await fetchToken(
            sojourn.issuer,
            id,
            proof,
            `urn:sojourn:connection:${connection.id}`,
          );
          expect(fetched).toEqual({
            access_token: expect.any(String),
            token_type: 'bearer',
            expires_in: expect.any(Number),
          });
          // A fresh set each time, since jose does not fetch one again for 30 s.
          const jwks = createRemoteJWKSet(new URL(`${sojourn.issuer}/jwks`));
          const { payload, protectedHeader } = await jwtVerify(fetched.access_token, jwks);
          expect(protectedHeader).toEqual({
            alg: connection.algorithm,
            typ: 'JWT',
            kid: await activeKid(connection),
          });
          const { iat = 0, jti } = payload;
          expect(payload).toEqual({
            iss: sojourn.issuer,
            sub: connection.subject,
            aud: connection.audience,
            iat,
            nbf: iat - 5,
            exp: iat + (fetched.expires_in ?? 0),
            jti,
            ...(connection === customer.aws ? awsClaims(customer.aws.target.role_arn) : {}),
          });
          expect(iat).toBeGreaterThanOrEqual(before);
          expect(iat).toBeLessThanOrEqual(Date.now() / 1000);
          expect(jti).toMatch(/^[\w-]{21,}$/);
        }
      },
      timeout,
    );

    async function activeKid({ algorithm }: TestConnection): Promise<string | undefined> {
      const { items } = await sojourn.admin.get<{ items: { kid: string; alg: string; state: string }[] }>(
        '/keys',
      );
      return items.find(({ alg, state }) => alg === algorithm && state === 'active')?.kid;
    }

    test(
      'the AWS SDK assumes the role with the token, and its identity is the role',
      async () => {
        const { role_arn } = customer.aws.target;
        expect(role_arn).toMatch(/^arn:aws:iam::111122223333:role\//);
        const settings = { region: 'us-east-1', endpoint: `${sandbox}/aws` };
        const token = await tokenFor(customer.aws);
        const { result, log } = await asked('aws', async () => {
          const anonymous = new STSClient(settings);
          const { Credentials } = await anonymous.send(
            new AssumeRoleWithWebIdentityCommand({
              RoleArn: role_arn,
              RoleSessionName: 'by-the-sdk',
              WebIdentityToken: token,
            }),
          );
          const session = new STSClient({
            ...settings,
            credentials: {
              accessKeyId: Credentials?.AccessKeyId ?? '',
              secretAccessKey: Credentials?.SecretAccessKey ?? '',
              sessionToken: Credentials?.SessionToken ?? '',
            },
          });
          return session.send(new GetCallerIdentityCommand({}));
        });
        expect(result).toMatchObject({
          Account: '111122223333',
          Arn: assumed(role_arn, 'by-the-sdk'),
        });
        expect(log).toEqual([
          {
            cloud: 'aws',
            operation: 'sts:AssumeRoleWithWebIdentity',
            outcome: 'ok',
            detail: { RoleArn: role_arn, RoleSessionName: 'by-the-sdk' },
          },
          { cloud: 'aws', operation: 'sts:GetCallerIdentity', outcome: 'ok', detail: {} },
        ]);
      },
      timeout,
    );

    test(
      'google-auth-library impersonates the service account with the token, and reads its project',
      async () => {
        const { result, log } = await asked('gcp', async () => {
          const client = new IdentityPoolClient({
            type: 'external_account',
            audience: gcp.provider,
            subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
            token_url: `${sandbox}/gcp/v1/token`,
            service_account_impersonation_url: `${sandbox}/gcp/v1/projects/-/serviceAccounts/${gcp.serviceAccount}:generateAccessToken`,
            subject_token_supplier: { getSubjectToken: () => tokenFor(customer.gcp) },
            scopes: ['https://www.googleapis.com/auth/cloud-platform'],
          });
          return client.request<{ projectId: string }>({
            url: `${sandbox}/gcp/v3/projects/${gcp.projectId}`,
          });
        });
        expect(result.data.projectId).toBe(gcp.projectId);
        expect(log).toEqual(gcpLog);
      },
      timeout,
    );

    test(
      'MSAL exchanges the token as its client assertion, and Azure lists the resource groups',
      async () => {
        const front = await startEntraFront(sandbox);
        const assertion = await tokenFor(customer.azure, withOauth4webapi);
        const { result, log } = await asked('azure', async () => {
          const access_token = await tokenByMsal(front, {
            tenant: azure.tenantId,
            clientId: customer.azure.target.client_id,
            assertion,
          });
          const expires_at = new Date().toISOString();
          return useOnce(sandbox, { cloud: 'azure', expires_at, credentials: { access_token } }, places);
        });
        expect(result).toBe('resource groups: workloads');
        expect(log).toEqual(azureLog(customer.azure));
      },
      timeout,
    );

    test.each(['aws', 'azure', 'gcp'] as const)(
      'our own exchange returns working credentials for %s, and calls the cloud once for two callers',
      async (cloud) => {
        const connection = customer[cloud];
        const { proof, id } = clients.client_secret;
        const { access_token } = await withOpenidClient(sojourn.issuer, id, proof, 'urn:sojourn:api');
        const fetchCredentials = () =>
          json<ServedCredentials>({
            method: 'POST',
            url: `${sojourn.issuer}/v1/connections/${connection.id}/credentials`,
            headers: { authorization: `Bearer ${access_token}` },
          });
        const { result, log } = await asked(cloud, async () => {
          const delivered = await fetchCredentials();
          expect(await fetchCredentials()).toEqual(delivered);
          return { delivered, used: await useOnce(sandbox, delivered, places) };
        });
        const bearer = {
          access_token: expect.any(String),
          token_type: 'Bearer',
          ...(cloud === 'gcp' ? { project_number: expect.stringMatching(/^\d+$/) } : {}),
        };
        const keys = Object.fromEntries(
          ['access_key_id', 'secret_access_key', 'session_token', 'account_id', 'region'].map((key) => [
            key,
            expect.any(String),
          ]),
        );
        expect(result.delivered).toEqual({
          connection: connection.id,
          cloud,
          expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/),
          credentials: cloud === 'aws' ? keys : bearer,
        });
        const { role_arn } = customer.aws.target;
        const session = expect.stringContaining(`${customer.aws.id}-`);
        const expected = {
          aws: [
            {
              cloud,
              operation: 'sts:AssumeRoleWithWebIdentity',
              outcome: 'ok',
              detail: { RoleArn: role_arn, RoleSessionName: session, DurationSeconds: '3600' },
            },
            { cloud, operation: 'sts:GetCallerIdentity', outcome: 'ok', detail: {} },
          ],
          azure: azureLog(customer.azure),
          gcp: gcpLog,
        };
        expect(log).toEqual(expected[cloud]);
        const used = {
          aws: expect.stringContaining(assumed(role_arn, customer.aws.id)),
          azure: 'resource groups: workloads',
          gcp: `project ${gcp.projectId}`,
        };
        expect(result.used).toEqual(used[cloud]);
      },
      timeout,
    );
  });
}

const assumed = (role: string, session: string): string =>
  `${role.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/${session}`;

const awsClaims = (role: string) => ({
  'https://aws.amazon.com/roles': [role],
  'https://aws.amazon.com/tags': { principal_tags: { Team: ['platform'] } },
});
