import { repetitions } from '../support/scale.ts';
import { killLoop } from './kill-loop.ts';
import { redisStore } from './stage.ts';

killLoop('SQLite', repetitions({ part: 3, full: 12 }), async () => ({ config: {}, env: {} }));
killLoop('Redis', repetitions({ part: 2, full: 4 }), redisStore);
