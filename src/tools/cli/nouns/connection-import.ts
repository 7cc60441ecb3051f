/** `sojourn connection import`: many customers at once, from a file, and how far each has come. */
import { readFileSync } from 'node:fs';
import { askAdmin, connectionOptions } from '../admin.ts';
import { type CommandSpec, flag, text, texts } from '../command.ts';
import { usageError } from '../failure.ts';
import { readAnswer } from '../server.ts';

export const connectionImport: CommandSpec = {
  usage: 'import <file>',
  about:
    'make a connection and an invitation for each line of a CSV file, and list how each stands; run again, it makes nothing twice',
  options: [
    {
      flags: '--output <file>',
      about: 'write the list, with the links, to this CSV file; else it is printed',
    },
    { flags: '--expires-in <duration>', about: 'how long the links are good for, 1m to 30d (7d)' },
    {
      flags: '--permissions <set>',
      about: 'permission set of the configuration that the files grant; may be repeated',
      many: true,
    },
    { flags: '--new-links', about: 'make a new link where the one that is out is not in the list' },
    { flags: '--json', about: 'print the list as JSON' },
    ...connectionOptions,
  ],
  examples: [
    'connection import customers.csv --output progress.csv',
    'connection import customers.csv --output progress.csv --expires-in 30d --permissions read-only',
    'connection import customers.csv --json',
  ],
  async run(given, face) {
    const [file = ''] = given.args;
    // Only this command needs what reads such files.
    const { importConnections, progressHeader, progressLine } = await import('../import/index.ts');
    const permissions = texts(given, 'permissions');
    const output = text(given, 'output');
    const { rows, made, failure } = await importConnections({
      bytes: bytesOf(file),
      ask: async (request) => readAnswer(await askAdmin(request, given, face)),
      invitation: {
        expires_in: text(given, 'expiresIn'),
        ...(permissions.length > 0 ? { permissions } : {}),
      },
      output,
      anew: flag(given, 'newLinks'),
    });
    if (flag(given, 'json')) face.out(`${JSON.stringify({ items: rows }, null, 2)}\n`);
    else if (output === undefined) face.out(progressHeader + rows.map(progressLine).join(''));
    const states = Object.entries(Object.groupBy(rows, ({ state }) => state)).map(
      ([state, list = []]) => `${list.length} ${state}`,
    );
    face.err(
      `${rows.length} listed: ${states.join(', ') || 'none'}. Made ${made.connections} connections and ${made.invitations} links.\n`,
    );
    if (failure === undefined) return 0;
    face.err('It ended before the last line. Run it again: what is made is not made twice.\n');
    throw failure;
  },
};

function bytesOf(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw usageError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}
