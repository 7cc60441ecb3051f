import { redisStore } from './stage.ts';
import { wholeRoad } from './whole-road.ts';

wholeRoad('Redis', redisStore);
