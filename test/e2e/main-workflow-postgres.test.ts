import { mainWorkflow } from './main-workflow.ts';
import { postgresStore } from './stage.ts';

mainWorkflow('PostgreSQL', postgresStore);
