/** `sojourn connection setup`: the files that the customer applies. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { askAdmin, at, connectionOptions, itemsOf } from '../admin.ts';
import { type CommandSpec, type Face, flag, type Given, text } from '../command.ts';
import { usageError } from '../failure.ts';
import { columns } from '../print.ts';
import { readAnswer } from '../server.ts';
import { setupOptions, setupQueryOf } from './setup-options.ts';

export const connectionSetup: CommandSpec = {
  usage: 'setup <id> [name]',
  about: 'list the set-up files, print one, or write them to a folder',
  options: [
    ...setupOptions,
    { flags: '--output <dir>', about: 'write the named file, or all of them, to this folder' },
    { flags: '--json', about: 'print the list as JSON' },
    ...connectionOptions,
  ],
  examples: [
    'connection setup con_01k0…',
    'connection setup con_01k0… cloudformation.json > acme.json',
    'connection setup con_01k0… main.tf --permissions read-only --existing-provider',
    'connection setup con_01k0… setup.sh --tag Team=platform --role-name vendor',
    'connection setup con_01k0… --with con_01k1… --output ./acme',
    'connection setup con_01k0… --output ./acme',
  ],
  async run(given, face) {
    const [id, name] = given.args;
    const folder = text(given, 'output');
    if (name !== undefined) {
      const content = await fileOf(given, face, name);
      if (folder === undefined) face.out(content);
      else write(folder, name, content, face);
      return 0;
    }
    const list = readAnswer(
      await askAdmin(
        { method: 'GET', path: at`/connections/${id}/setup`, query: setupQueryOf(given) },
        given,
        face,
      ),
    );
    if (folder !== undefined) {
      for (const item of itemsOf(list)) {
        const each = String(item.name);
        write(folder, each, await fileOf(given, face, each), face);
      }
    } else if (flag(given, 'json')) face.out(`${JSON.stringify(list, null, 2)}\n`);
    else face.out(columns(itemsOf(list), ['name', 'title']));
    return 0;
  },
};

const fileOf = (given: Given, face: Face, name: string): Promise<string> =>
  askAdmin(
    { method: 'GET', path: at`/connections/${given.args[0]}/setup/${name}`, query: setupQueryOf(given) },
    given,
    face,
  );

function write(folder: string, name: string, content: string, face: Face): void {
  // The name came over the network: it names a file in the folder, never a way out of it.
  if (basename(name) !== name || name.startsWith('.')) throw usageError(`${name} is no file name.`);
  const path = join(folder, name);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, content);
  } catch (error) {
    throw usageError(`--output: ${path} cannot be written (${(error as NodeJS.ErrnoException).code}).`);
  }
  face.out(`Wrote ${path}\n`);
}
