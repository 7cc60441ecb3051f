import { repetitions } from '../support/scale.ts';
import { killLoop } from './kill-loop.ts';
import { redisStore } from './stage.ts';

killLoop('SQLite', repetitions({ part: 5, full: 12 }), async () => ({ config: {}, env: {} }));
killLoop('Redis', 4, redisStore);
