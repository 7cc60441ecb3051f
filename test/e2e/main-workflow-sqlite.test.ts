import { mainWorkflow } from './main-workflow.ts';

mainWorkflow('SQLite', async () => ({ config: {}, env: {} }));
