import { expect, test } from '@jest/globals';
import { cloudNames, setUpOf } from '../../src/clouds/index.ts';
import { programs, setupOptions } from '../../src/clouds/programs/index.ts';

test('clouds that share a set-up option are named together in its descriptions', () => {
  expect(setupOptions.tags).toEqual({
    type: 'map',
    description: 'AWS and Azure: tags of the created resources, as a JSON object of strings.',
    flags: '--tag <name=value>',
    help: 'AWS and Azure: tag of the created resources',
  });
  expect(setupOptions.roles).toEqual({
    type: 'list',
    introduction: 'In addition to the permission sets, separated by commas.',
    description:
      'In addition to the permission sets, separated by commas. Azure: GUIDs of role definitions. Google Cloud: roles in the project.',
    flags: '--role <role>',
    help: 'Azure: GUID of a role definition; Google Cloud: role in the project',
  });
});

test.each(cloudNames)('the set-up of %s knows exactly the options that its programs describe', (cloud) => {
  const known = Object.keys(setupOptions).filter((name) => {
    const issues = setUpOf(cloud).options.safeParse({ [name]: Symbol('no valid value') }).error?.issues ?? [];
    return !issues.some(({ code }) => code === 'unrecognized_keys');
  });
  expect(known.toSorted()).toEqual(Object.keys(programs[cloud].setupOptions ?? {}).toSorted());
});
