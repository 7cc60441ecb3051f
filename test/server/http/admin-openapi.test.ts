import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openApi } from '../../../src/server/http/admin/index.ts';
import { type TestServer, testServer } from '../../support/server.ts';
import { type Ask, asking, plain } from './ask.ts';

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Record<string, { schema: Record<string, unknown> }> };
  readonly responses: Record<string, { readonly description: string }>;
}
type PathItem = Record<string, Operation>;

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;
const paths = Object.entries(openApi.paths as Record<string, PathItem>);
const adminPaths = paths.filter(([path]) => path.startsWith('/admin/v1/'));
const operations = paths.flatMap(([path, item]) =>
  methods.flatMap((method) => (item[method] ? [{ path, method, ...item[method] }] : [])),
);
const schemas = (openApi.components as { schemas: Record<string, Record<string, unknown>> }).schemas;

let server: TestServer;
let ask: Ask;

beforeAll(async () => {
  server = await testServer();
  ask = asking(server);
});
afterAll(() => server.close());

/** Every `$ref` below this value. */
const refsIn = (value: unknown): string[] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.entries(value).flatMap(([key, below]) =>
        key === '$ref' && typeof below === 'string' ? [below] : refsIn(below),
      );

describe('the OpenAPI document', () => {
  test('is served to administrators only', async () => {
    expect(await plain(ask('GET /openapi.json'))).toEqual({ status: 200, body: openApi });
  });

  test.each(adminPaths.map(([path, item]) => [path, item] as const))(
    'lists for %s the methods that the path serves, and no others',
    async (path, item) => {
      const answer = await ask(`OPTIONS ~${path.replaceAll(/\{\w+\}/g, 'x')}`);
      const served = (answer.headers.get('allow') ?? '').split(', ').filter((method) => method !== 'HEAD');
      expect([answer.status, served.toSorted()]).toEqual([
        405,
        Object.keys(item)
          .map((method) => method.toUpperCase())
          .toSorted(),
      ]);
    },
  );

  test('has every path of the public interface and the command line', () => {
    expect(adminPaths.map(([path]) => path).toSorted()).toEqual(
      [
        'tenants',
        'tenants/{id}',
        'tenants/{id}/move',
        'clients',
        'clients/{id}',
        'clients/{id}/access/{connection}',
        'clients/{id}/secrets',
        'clients/{id}/secrets/{secret}',
        'connections',
        'connections/{id}',
        'connections/{id}/enable',
        'connections/{id}/disable',
        'connections/{id}/verify',
        'connections/{id}/verification',
        'connections/{id}/lint',
        'connections/{id}/lint-guardrail',
        'connections/{id}/setup',
        'connections/{id}/setup/{name}',
        'connections/{id}/claims',
        'policy',
        'presets',
        'connections/{id}/invitations',
        'connections/{id}/invitations/{invitation}',
        'issuer',
        'issuing',
        'issuing/suspend',
        'issuing/resume',
        'connections/{id}/uploaded-keys',
        'keys',
        'keys/documents',
        'keys/rotate',
        'keys/cancel-rotation',
        'keys/{kid}/impact',
        'keys/{kid}/revoke',
        'webhooks',
        'webhooks/{id}',
        'webhooks/{id}/deliveries',
        'webhooks/{id}/deliveries/{delivery}/redeliver',
        'outage',
        'approvals',
        'approvals/{id}/grant',
        'approvals/{id}/deny',
        'approvals/{id}/revoke',
        'audit',
        'audit/checkpoint',
        'audit/proofs/inclusion',
        'audit/proofs/consistency',
        'audit/tile/{path}',
        'openapi.json',
      ]
        .map((path) => `/admin/v1/${path}`)
        .toSorted(),
    );
  });

  test('has exactly the schemas that it refers to', () => {
    const known = Object.keys(schemas).map((name) => `#/components/schemas/${name}`);
    expect([...new Set(refsIn(openApi))].toSorted()).toEqual(known.toSorted());
  });

  test('has unique operation ids and a parameter for each path segment', () => {
    const ids = operations.map(({ operationId }) => operationId);
    expect(ids).toEqual([...new Set(ids)]);
    for (const { path, operationId, parameters = [] } of operations) {
      const segments = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
      expect([operationId, declared]).toEqual([operationId, segments]);
    }
  });

  test('describes every response, and an error for every operation that requires a token', () => {
    for (const { path, operationId, responses } of operations) {
      expect([operationId, Object.values(responses).every(({ description }) => description !== '')]).toEqual([
        operationId,
        true,
      ]);
      if (path.startsWith('/admin/v1/'))
        expect([operationId, Object.keys(responses)]).toEqual([
          operationId,
          expect.arrayContaining(['400', '401', 'default']),
        ]);
    }
  });

  test('requires the same members as the API, which rejects a body without them by name', async () => {
    for (const name of ['TenantInput', 'ClientInput', 'ConnectionInput']) {
      const [operation] = operations.filter(({ requestBody }) =>
        refsIn(requestBody).some((ref) => ref.endsWith(`/${name}`)),
      );
      const { body } = await ask(`POST ~${operation?.path}`, { body: {} });
      const refused = (body as { errors: { field: string }[] }).errors.map(({ field }) => field);
      expect([name, refused]).toEqual([name, schemas[name]?.required]);
    }
  });

  test('has no response member that could contain a secret, except the two that are shown once', () => {
    const withSecret = Object.entries(schemas).filter(([, schema]) =>
      /"(client_secret|hash|sealed|d)":/.test(JSON.stringify(schema)),
    );
    expect(withSecret.map(([name]) => name).toSorted()).toEqual(['NewClient', 'NewSecret']);
  });
});
