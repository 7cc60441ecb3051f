import { mainWorkflow } from './main-workflow.ts';
import { redisStore } from './stage.ts';

mainWorkflow('Redis', redisStore);
