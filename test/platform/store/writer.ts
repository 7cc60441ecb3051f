/**
 * A process that writes to a store forever and prints one line per acknowledged write; the test kills it, or its disk
 * fills. Usage: node writer.ts URL NAME
 */
import { writeSync } from 'node:fs';
import { SojournError } from '../../../src/platform/errors/index.ts';
import { createLogger } from '../../../src/platform/log/index.ts';
import { openStore } from '../../../src/platform/store/index.ts';
import { systemNow } from '../../../src/platform/time/index.ts';

const [url = '', name = ''] = process.argv.slice(2);
/** Writes at once, also while the pipe is full. */
function tell(line: string): void {
  for (;;)
    try {
      writeSync(1, `${line}\n`);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
}

const logger = createLogger({ level: 'silent' });
const store = await openStore(url, { logger, now: systemNow });
const value = { text: 'x'.repeat(2_000) };
for (let i = 0; ; i++) {
  const id = `${name}-${i}`;
  try {
    await store.insert('setting', id, value);
    await store.append({ at: systemNow(), value: { ...value, client: id } });
  } catch (error) {
    const code = error instanceof SojournError ? error.code : String(error);
    const first = await store.get('setting', `${name}-0`).catch(() => undefined);
    const readable = first !== undefined;
    tell(`refused ${code}, the first one ${readable ? 'is still there' : 'is gone'}`);
    break;
  }
  tell(id);
}
await store.close();
