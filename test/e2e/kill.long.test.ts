import { killLoop } from './kill-loop.ts';
import { postgresStore, redisStore } from './stage.ts';

killLoop('SQLite', 12, async () => ({ config: {}, env: {} }));
killLoop('Redis', 4, redisStore);
killLoop('PostgreSQL', 4, postgresStore);
