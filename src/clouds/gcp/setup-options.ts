/** The options of set-up files for Google Cloud. */
import type { SetupOption } from '../contract/programs.ts';

export const setupOptions: Readonly<Record<string, SetupOption>> = {
  roles: {
    type: 'list',
    introduction: 'In addition to the permission sets, separated by commas.',
    description: 'roles in the project',
    flags: '--role <role>',
    help: 'role in the project',
  },
  existing_pool: {
    type: 'flag',
    description: 'the project already has the workload identity pool',
    flags: '--existing-pool',
    help: 'the project already has the pool',
  },
};
