/** Opens backends from a configuration, as the composition root does, and records their log. */

import { createLogger } from '../../../src/platform/log/index.ts';
import { systemNow } from '../../../src/platform/time/index.ts';
import { parseConfig } from '../../../src/server/config/load.ts';
import { type KeyBackend, openBackend } from '../../../src/tokens/keys/index.ts';

export function holderOpener(keys: Readonly<Record<string, unknown>>, env: Record<string, string> = {}) {
  let log = '';
  const write = (line: string) => {
    log += line;
  };
  const logger = createLogger({ level: 'debug', destination: { write } });
  const opened: KeyBackend[] = [];
  return {
    logged: () => log,
    open: async (): Promise<KeyBackend> => {
      const issuer = 'https://id.example.com';
      const config = parseConfig({ issuer, listen: { public: '127.0.0.1:8080' }, keys }, env);
      const backend = await openBackend(config.keys.backend, config.keys, {
        logger,
        now: systemNow,
        encryptionKey: async () => new Uint8Array(32).fill(7),
      });
      opened.push(backend);
      return backend;
    },
    close: async () => {
      for (const backend of opened) await backend.close?.();
    },
  };
}
