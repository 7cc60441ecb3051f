/** `sojourn connection setup`: the set-up files that the customer applies. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Answers } from '../../../server/http/admin/index.ts';
import { apiPath, connectionOptions, itemsOf, requestAdmin } from '../admin.ts';
import { type CommandSpec, isSet, type ParsedArguments, type Terminal, text } from '../command.ts';
import { usageError } from '../failure.ts';
import { columns } from '../print.ts';
import { parseAnswer } from '../server.ts';
import { setupOptions, setupQueryOf } from './setup-options.ts';

export const connectionSetup: CommandSpec = {
  usage: 'setup <id> [name]',
  description: 'list the set-up files, print one, or write them to a folder',
  options: [
    ...setupOptions,
    { flags: '--output <dir>', description: 'write the named file, or all files, to this folder' },
    { flags: '--json', description: 'print the list as JSON' },
    ...connectionOptions,
  ],
  examples: [
    'connection setup con_01k0…',
    'connection setup con_01k0… cloudformation.json > acme.json',
    'connection setup con_01k0… main.tf --permissions read-only --existing-provider',
    'connection setup con_01k0… setup.sh --tag Team=platform --role-name vendor',
    'connection setup con_01k0… --additional-connection con_01k1… --output ./acme',
    'connection setup con_01k0… --output ./acme',
  ],
  async run(args, terminal) {
    const [id, name] = args.positionals;
    const folder = text(args, 'output');
    if (name !== undefined) {
      const content = await fetchFile(args, terminal, name);
      if (folder === undefined) terminal.out(content);
      else writeSetupFile(folder, name, content, terminal);
      return 0;
    }
    const list = parseAnswer<Answers['SetupFiles']>(
      await requestAdmin(
        { method: 'GET', path: apiPath`/connections/${id}/setup`, query: setupQueryOf(args) },
        args,
        terminal,
      ),
    );
    if (folder !== undefined) {
      for (const item of itemsOf(list)) {
        const fileName = item.name;
        writeSetupFile(folder, fileName, await fetchFile(args, terminal, fileName), terminal);
      }
    } else if (isSet(args, 'json')) terminal.out(`${JSON.stringify(list, null, 2)}\n`);
    else terminal.out(columns(itemsOf(list), ['name', 'title']));
    return 0;
  },
};

const fetchFile = (args: ParsedArguments, terminal: Terminal, name: string): Promise<string> =>
  requestAdmin(
    {
      method: 'GET',
      path: apiPath`/connections/${args.positionals[0]}/setup/${name}`,
      query: setupQueryOf(args),
    },
    args,
    terminal,
  );

function writeSetupFile(folder: string, name: string, content: string, terminal: Terminal): void {
  // The name came over the network: it must not select a file outside the folder.
  if (basename(name) !== name || name.startsWith('.')) throw usageError(`${name} is not a file name.`);
  const path = join(folder, name);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, content);
  } catch (error) {
    throw usageError(`--output: ${path} cannot be written (${(error as NodeJS.ErrnoException).code}).`);
  }
  terminal.out(`Wrote ${path}\n`);
}
