/** Tokens of strangers: what it costs to say by what they differ from the nearest client. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createClients } from '../../../src/access/clients/index.ts';
import type { Store } from '../../../src/platform/store/index.ts';
import { createModules, type Modules, noon } from '../../support/modules.ts';
import { parsingClients } from '../../support/parsing.ts';

let modules: Modules;
beforeEach(async () => {
  modules = await createModules();
});
afterEach(() => modules.end());

const byId = (...clients: { client_id: string }[]) =>
  clients.toSorted((a, b) => (a.client_id < b.client_id ? -1 : 1));

test('1,000 tokens that match no client cost one read of the clients, and changes are seen at once', async () => {
  const { store, connections, tenants } = modules;
  let reads = 0;
  const counting: Store = {
    ...store,
    list: (...query) => {
      reads += 1;
      return store.list(...query);
    },
  };
  const clients = parsingClients(createClients({ store: counting, now: () => noon, connections, tenants }));
  const create = async (subject: string) => {
    const auth = {
      method: 'federated',
      issuer: 'https://issuer.example',
      audience: 'sojourn',
      subject,
    };
    return (await clients.create({ name: subject, auth })).client;
  };
  const one = await create('one');
  reads = 0;
  for (let time = 0; time < 1_000; time++)
    expect(await clients.ofIssuers([`https://${time}.example`, ''])).toEqual([]);
  expect(await clients.ofIssuers(['https://issuer.example'])).toEqual([one]);
  expect(reads).toBe(1);
  const two = await create('two');
  expect(await clients.ofIssuers(['https://issuer.example'])).toEqual(byId(one, two));
  const disabled = await clients.update(one.client_id, { disabled: true });
  expect(await clients.ofIssuers(['https://issuer.example'])).toEqual(byId(disabled, two));
  await clients.remove(two.client_id);
  expect(await clients.ofIssuers(['https://issuer.example'])).toEqual([disabled]);
});
