/**
 * A replica's key ring in a separate process that executes commands from messages. With DIE_AT it kills itself by
 * SIGKILL at that step of its work: before or after a write to the store, or between any two calls to the file system.
 * Started by replica-process.ts. Usage: fork replica-program.ts URL FOLDER TIMING NOW [DIE_AT]
 */
import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { SojournError } from '../../../src/platform/errors/index.ts';
import { createLogger } from '../../../src/platform/log/index.ts';
import { openStore, type Store } from '../../../src/platform/store/index.ts';
import { fileBackend, Keyring, mainRing, type Timing } from '../../../src/tokens/keys/index.ts';
import type { Message, Order } from './replica-process.ts';

const [url = '', folder = '', timing = '', start = '', dieAt = ''] = process.argv.slice(2);
const send = (message: Message) => process.send?.(message);
let now = Number(start);

let steps = 0;
let lastStep = Number(dieAt);
const step = () => {
  if (++steps === lastStep) process.kill(process.pid, 'SIGKILL');
};

const { open, rename, rm, link } = { ...files };
Object.assign(files, {
  async open(...which: Parameters<typeof open>) {
    step();
    const handle = await open(...which);
    const sync = handle.sync.bind(handle);
    handle.writeFile = async (text) => {
      const bytes = Buffer.from(text as string);
      await handle.write(bytes.subarray(0, bytes.length / 2));
      step();
      await handle.write(bytes.subarray(bytes.length / 2));
      step();
    };
    handle.sync = async () => {
      await sync();
      step();
    };
    return handle;
  },
  async rename(...which: Parameters<typeof rename>) {
    step();
    await rename(...which);
    step();
  },
  async link(...which: Parameters<typeof link>) {
    step();
    await link(...which);
    step();
  },
  async rm(...which: Parameters<typeof rm>) {
    step();
    await rm(...which);
  },
});
syncBuiltinESMExports();

const logger = createLogger({ level: 'silent' });
const opened = await openStore(url, { logger, now: () => now });
const written = async (write: Promise<boolean>, value: unknown) => {
  const done = await write;
  step();
  if (done) send({ type: 'swapped', value });
  return done;
};
const store: Store = {
  ...opened,
  async insert(kind, id, value, options) {
    step();
    return written(opened.insert(kind, id, value, options), value);
  },
  async replace(kind, id, version, value) {
    step();
    return written(opened.replace(kind, id, version, value), value);
  },
};

const keyring = await Keyring.open({
  id: mainRing,
  mayCreate: async () => true,
  checkOnOpen: true,
  store,
  backend: fileBackend(new Uint8Array(32).fill(7)),
  folder,
  algorithms: ['ES256'],
  timing: JSON.parse(timing) as Timing,
  now: () => now,
  steadyNow: () => now,
  logger,
  obstacles: async () => [],
  onPostponed: () => undefined,
  record: async () => step(),
});

async function show(refused?: string): Promise<void> {
  const active = keyring.list().find(({ state }) => state === 'active');
  const signature = active && (await keyring.sign(active.kid, Buffer.from('data')));
  send({
    type: 'view',
    steps,
    keys: keyring.list().map(({ kid, state }) => ({ kid, state })),
    jwks: keyring.publicKeys(),
    kid: active?.kid ?? '',
    signature: Buffer.from(signature ?? '').toString('base64url'),
    ...(refused === undefined ? {} : { refused }),
  });
}

const acts = {
  rotate: () => keyring.rotate(),
  advance: async () => {
    await keyring.refresh();
    await keyring.advance();
  },
  refresh: () => keyring.refresh(),
  revoke: async () => keyring.revoke(keyring.active('ES256').kid),
};

process.on('message', async (order: Order) => {
  now = order.now;
  if (order.dieAt !== undefined) lastStep = steps + order.dieAt;
  const refused = await acts[order.act]().then(
    () => undefined,
    (error: unknown) => (error instanceof SojournError ? error.code : String(error)),
  );
  await show(refused);
});
process.once('disconnect', () => process.exit());
await show();
