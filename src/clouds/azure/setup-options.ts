/** The options of set-up files for Azure. */
import type { SetupOption } from '../contract/programs.ts';

export const setupOptions: Readonly<Record<string, SetupOption>> = {
  tags: {
    type: 'map',
    description: 'tags of the created resources, as a JSON object of strings',
    flags: '--tag <name=value>',
    help: 'tag of the created resources',
  },
  identity_name: {
    type: 'text',
    description: 'name of the user-assigned identity',
    flags: '--identity-name <name>',
    help: 'name of the user-assigned identity',
  },
  roles: {
    type: 'list',
    introduction: 'In addition to the permission sets, separated by commas.',
    description: 'GUIDs of role definitions',
    flags: '--role <role>',
    help: 'GUID of a role definition',
  },
};
