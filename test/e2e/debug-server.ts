/** `sojourn serve` with logging at debug level, which no configuration key enables. */
import { once } from 'node:events';
import { createLogger } from '../../src/platform/log/index.ts';
import { startServer } from '../../src/server/compose/index.ts';
import { loadConfig } from '../../src/server/config/index.ts';

const config = await loadConfig({ file: process.argv.at(-1) ?? '' });
const server = await startServer(config, { logger: createLogger({ level: 'trace' }) });
console.error(
  `Sojourn serves ${config.issuer} on ${server.publicOrigin} and the admin API on ${server.adminOrigin}.`,
);
await once(process, 'SIGTERM');
await server.close();
