import { expect, test } from '@jest/globals';
import { states } from '../../../src/access/approvals/index.ts';
import { connectionInput } from '../../../src/access/connections/index.ts';
import type { CommandGroup } from '../../../src/tools/cli/command.ts';
import { approval } from '../../../src/tools/cli/commands/approval.ts';
import { connection } from '../../../src/tools/cli/commands/connection.ts';

// The command line does not import these lists, because most commands load no schema.
test.each<[CommandGroup, string, string, readonly string[]]>([
  [approval, 'list', '--state', states],
  [connection, 'create', '--algorithm', connectionInput.shape.algorithm.unwrap().options],
  [connection, 'create', '--approval', connectionInput.shape.approval.unwrap().options],
])('the choices of an option are those of the API: $0.name $1 $2', (group, usage, flag, expected) => {
  const command = group.commands.find((candidate) => candidate.usage.split(' ')[0] === usage);
  const option = command?.options?.find(({ flags }) => flags.startsWith(flag));
  expect(option?.choices).toEqual(expected);
});
