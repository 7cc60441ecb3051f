import { wholeRoad } from './whole-road.ts';

wholeRoad('SQLite', async () => ({ config: {}, env: {} }));
