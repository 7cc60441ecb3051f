import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Client, Rule } from '../../../src/access/clients/index.ts';
import { onlyConnection } from '../../../src/access/policy/only-connection.ts';
import { createModules, type Modules } from '../../support/modules.ts';

let modules: Modules;
let tenant: string;
beforeEach(async () => {
  modules = await createModules();
  tenant = (await modules.tenants.create({ name: 'Acme' })).id;
});
afterEach(() => modules.end());

const connect = async (env: string): Promise<string> =>
  (await modules.connections.create({ name: 'prod', tenant, cloud: 'aws', labels: { env } })).id;
const onlyOf = (...may_use: Rule[]) => onlyConnection(modules.connections, { may_use } as unknown as Client);

describe('the only connection of a client', () => {
  test('is the one that its rules select by id or within a tenant', async () => {
    const [prod, staging] = [await connect('prod'), await connect('staging')];
    const inProd = { tenant, labels: { env: 'prod' } };
    expect(await onlyOf({ connection: staging })).toBe(staging);
    expect(await onlyOf(inProd)).toBe(prod);
    expect(await onlyOf({ connection: prod }, inProd)).toBe(prod);
  });

  test('is none if the rules select no connection, two connections, or connections of any tenant', async () => {
    const [prod, staging] = [await connect('prod'), await connect('staging')];
    expect(await onlyOf()).toBeUndefined();
    expect(await onlyOf({ connection: 'con_missing' })).toBeUndefined();
    expect(await onlyOf({ connection: prod }, { connection: staging })).toBeUndefined();
    expect(await onlyOf({ tenant })).toBeUndefined();
    expect(await onlyOf({ labels: { env: 'prod' } })).toBeUndefined();
  });

  test('is found behind the first page of a tenant with more than 200 connections', async () => {
    await Promise.all(Array.from({ length: 201 }, () => connect('test')));
    modules.clock.ms += 1_000;
    const prod = await connect('prod');
    expect(await onlyOf({ tenant, labels: { env: 'prod' } })).toBe(prod);
    expect(await onlyOf({ tenant, labels: { env: 'test' } })).toBeUndefined();
  });
});
