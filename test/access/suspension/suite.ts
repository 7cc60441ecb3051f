/** The kill switch over HTTP, on two replicas that share any store. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { azurePass } from '../../clouds/outside.ts';
import { asking, newestLine, plain } from '../../server/http/ask.ts';
import {
  askToken,
  oneConnection,
  type TestClient,
  type TestConnection,
  type TestServer,
  withSecret,
} from '../../support/server.ts';

export interface Replica extends TestServer {
  /** Where it listens. */
  readonly base: string;
}

export interface Replicas {
  readonly one: Replica;
  readonly other: Replica;
  /** Stops `other` and starts it again. */
  restart(): Promise<Replica>;
  close(): Promise<void>;
}

const guid = '8d6c2f6e-1f0b-4e7e-9d3b-0a1b2c3d4e5f';
const reason = 'key leak, ticket 4711';
const advice = 'Ask the administrators of this server, who resume it with `sojourn issuing resume';
const suspendedText = 'An administrator suspended issuing: this server issues no tokens and no credentials.';
const tenantText = 'An administrator suspended issuing for the tenant of this connection.';

export function suspension(name: string, open: (config: Record<string, unknown>) => Promise<Replicas>): void {
  describe(`a suspension of issuing on ${name}`, () => {
    let cloud: http.Server;
    let exchanges = 0;
    let answer: () => Promise<unknown>;
    let replicas: Replicas;
    let other: Replica;
    let connection: TestConnection;
    let client: TestClient;
    let bearer: string;

    beforeAll(async () => {
      cloud = http.createServer(async (request, response) => {
        request.resume();
        exchanges++;
        await answer();
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(azurePass));
      });
      await new Promise<void>((resolve) => cloud.listen(0, '127.0.0.1', resolve));
      const authority_host = `http://127.0.0.1:${(cloud.address() as AddressInfo).port}`;
      replicas = await open({ clouds: { azure: { authority_host } } });
      other = replicas.other;
    }, 60_000);
    afterAll(async () => {
      await replicas.close();
      cloud.closeAllConnections();
      cloud.close();
    });

    beforeEach(async () => {
      answer = async () => undefined;
      const target = { tenant_id: guid, client_id: guid };
      ({ connection, client } = await oneConnection(replicas.one, { cloud: 'azure', target }));
      const { body } = await askToken(other.base, { ...withSecret(client), resource: 'urn:sojourn:api' });
      bearer = String(body.access_token);
    });
    afterEach(async () => {
      const items = (await showIssuing()).items;
      for (const { tenant } of items) await issuing('resume', { reason, ...(tenant ? { tenant } : {}) });
    });

    const issuing = (verb: string, body: object, server = replicas.one) =>
      plain(asking(server)(`POST /issuing/${verb}`, { body }));
    const showIssuing = () =>
      other.admin.get<{ suspended: boolean; items: { tenant: string | null }[] }>('/issuing');
    const token = (server: Replica) => askToken(server.base, withSecret(client, connection));
    const apiToken = (server: Replica) =>
      askToken(server.base, { ...withSecret(client), resource: 'urn:sojourn:api' });
    const credentials = async (server: Replica, path = 'credentials') => {
      const url = `${server.base}/v1/connections/${connection.id}/${path}`;
      const response = await fetch(url, { headers: { authorization: `Bearer ${bearer}` } });
      const { status, code, detail } = (await response.json()) as Record<string, unknown>;
      return { status: status ?? response.status, code, detail };
    };
    const lines = async (event: string) =>
      (await other.admin.get<{ items: unknown[] }>(`/audit?event=${event}&connection=${connection.id}`)).items
        .length;

    const refusedToken = (text: string, option = '') => ({
      status: 403,
      body: { error: 'access_denied', error_description: `${text} ${advice}${option}\`.` },
    });
    const served = { status: 200, code: undefined, detail: undefined };

    test('stops tokens, API tokens and cached credentials on every replica at once, and a resume undoes it', async () => {
      for (const server of [replicas.one, other]) expect(await credentials(server)).toEqual(served);
      const asked = exchanges;
      const since = expect.stringMatching(/^\d{4}-/);
      expect(await issuing('suspend', { reason })).toEqual({
        status: 200,
        body: { suspended: true, items: [{ tenant: null, reason, since }] },
      });
      const refused = { status: 403, code: 'issuing_suspended', detail: suspendedText };
      for (const server of [other, replicas.one]) {
        expect(await token(server)).toEqual(refusedToken(suspendedText));
        expect(await apiToken(server)).toEqual(refusedToken(suspendedText));
        expect(await credentials(server)).toEqual(refused);
        expect(await credentials(server, 'token')).toEqual(refused);
      }
      expect(exchanges).toBe(asked);
      expect(await lines('token.issued')).toBe(0);
      expect(await lines('exchange.refused')).toBe(4);
      expect((await issuing('resume', { reason: 'over' }, other)).body).toEqual({
        suspended: false,
        items: [],
      });
      for (const server of [replicas.one, other]) {
        expect((await token(server)).status).toBe(200);
        expect(await credentials(server)).toEqual(served);
      }
    });

    test('is audited with actor and reason, and neither reaches a client', async () => {
      const ask = asking(replicas.one);
      await issuing('suspend', { reason });
      const line = { outcome: 'ok', actor: 'admin', source_ip: '127.0.0.1', reason };
      expect(await newestLine(ask)).toEqual({ event: 'issuing.suspended', ...line });
      expect(JSON.stringify([await token(other), await credentials(other)])).not.toContain('4711');
      await issuing('resume', { reason });
      expect(await newestLine(ask)).toEqual({ event: 'issuing.resumed', ...line });
    });

    test('of a tenant stops only its connections', async () => {
      const { connection: another, client: itsClient } = await oneConnection(replicas.one);
      await issuing('suspend', { tenant: connection.tenant, reason });
      expect(await newestLine(asking(replicas.one))).toMatchObject({
        event: 'issuing.suspended',
        tenant: connection.tenant,
        reason,
      });
      expect(await token(other)).toEqual(refusedToken(tenantText, ' --tenant ID'));
      expect(await credentials(other)).toEqual({ status: 403, code: 'tenant_suspended', detail: tenantText });
      expect((await apiToken(other)).status).toBe(200);
      expect((await askToken(other.base, withSecret(itsClient, another))).status).toBe(200);
      await issuing('resume', { tenant: connection.tenant, reason });
      expect((await token(other)).status).toBe(200);
    });

    test('withholds credentials that the cloud returns after it began', async () => {
      const reached = Promise.withResolvers<void>();
      const held = Promise.withResolvers<void>();
      answer = () => {
        reached.resolve();
        return held.promise;
      };
      const inFlight = credentials(other);
      await reached.promise;
      await issuing('suspend', { reason });
      held.resolve();
      expect(await inFlight).toEqual({ status: 403, code: 'issuing_suspended', detail: suspendedText });
      expect(await lines('credentials.served')).toBe(0);
    });

    test('tells a caller without the right secret nothing', async () => {
      const stranger = { ...client, client_secret: 'wrong' };
      const before = await askToken(other.base, withSecret(stranger, connection));
      const unknown = await askToken(
        other.base,
        withSecret(client, { id: 'con_01k0000000000000000000000a' }),
      );
      await issuing('suspend', { reason });
      expect(await askToken(other.base, withSecret(stranger, connection))).toEqual(before);
      expect(
        await askToken(other.base, withSecret(client, { id: 'con_01k0000000000000000000000a' })),
      ).toEqual(unknown);
    });

    test('leaves discovery and JWKS available, and /readyz and the metrics report it', async () => {
      await issuing('suspend', { reason });
      await issuing('suspend', { tenant: connection.tenant, reason: 'asked by the customer' });
      for (const path of ['/.well-known/openid-configuration', '/jwks'])
        expect((await fetch(other.base + path)).status).toBe(200);
      const ready = await asking(other)('GET ~/readyz');
      expect(ready.status).toBe(200);
      expect((ready.body as { checks: object[] }).checks).toContainEqual({
        name: 'issuing',
        ok: true,
        detail: expect.stringMatching(
          new RegExp(
            `^suspended since [^ ]+: ${reason}, suspended for ${connection.tenant} since [^ ]+: asked by the customer$`,
          ),
        ),
      });
      const { text } = await asking(other)('GET ~/metrics');
      expect(text).toContain('\nsojourn_issuing_suspended 1\n');
      expect(text).toContain('\nsojourn_tenants_suspended 1\n');
    });

    test('is idempotent: a repeated call keeps the first time and reason', async () => {
      const first = await issuing('suspend', { reason });
      expect(await issuing('suspend', { reason: 'again' }, other)).toEqual(first);
      await issuing('resume', { reason });
      expect(await issuing('resume', { reason })).toEqual({
        status: 200,
        body: { suspended: false, items: [] },
      });
      await issuing('suspend', { reason: 'another leak' });
      expect((await showIssuing()).items).toEqual([expect.objectContaining({ reason: 'another leak' })]);
    });

    test.each([
      ['no reason', {}, 400],
      ['an empty reason', { reason: ' ' }, 400],
      ['a reason of two lines', { reason: 'one\ntwo' }, 400],
      ['an unknown member', { reason, tenants: [] }, 400],
      ['an unknown tenant', { reason, tenant: 'ten_01k0000000000000000000000a' }, 404],
    ])('with %s is rejected, and nothing is suspended', async (_, body, status) => {
      for (const verb of ['suspend', 'resume']) expect((await issuing(verb, body)).status).toBe(status);
      expect(await showIssuing()).toEqual({ suspended: false, items: [] });
    });

    test('refuses a verification, which needs credentials', async () => {
      await issuing('suspend', { reason });
      const asked = exchanges;
      const verified = await plain(asking(other)(`POST /connections/${connection.id}/verify`));
      expect(verified).toMatchObject({ status: 403, body: { code: 'issuing_suspended' } });
      expect(exchanges).toBe(asked);
    });

    test('survives a restart', async () => {
      await issuing('suspend', { reason });
      other = await replicas.restart();
      expect(await token(other)).toEqual(refusedToken(suspendedText));
    }, 60_000);
  });
}
