/** `sojourn connection import`: many customers at once, from a file, and how far each has come. */
import { readFileSync } from 'node:fs';
import { connectionOptions, requestAdmin } from '../admin.ts';
import { type CommandSpec, isSet, text, texts } from '../command.ts';
import { usageError } from '../failure.ts';
import { parseAnswer } from '../server.ts';

export const connectionImport: CommandSpec = {
  usage: 'import <file>',
  description:
    'make a connection and an invitation for each line of a CSV file, and list how each stands; run again, it makes nothing twice',
  options: [
    {
      flags: '--output <file>',
      description: 'write the list, with the links, to this CSV file; else it is printed',
    },
    { flags: '--expires-in <duration>', description: 'how long the links are good for, 1m to 30d (7d)' },
    {
      flags: '--permissions <set>',
      description: 'permission set of the configuration that the files grant; may be repeated',
      repeatable: true,
    },
    { flags: '--new-links', description: 'make a new link where the one that is out is not in the list' },
    { flags: '--json', description: 'print the list as JSON' },
    ...connectionOptions,
  ],
  examples: [
    'connection import customers.csv --output progress.csv',
    'connection import customers.csv --output progress.csv --expires-in 30d --permissions read-only',
    'connection import customers.csv --json',
  ],
  async run(args, terminal) {
    const [file = ''] = args.positionals;
    // Only this command needs what reads such files.
    const { importConnections, progressHeader, progressLine } = await import('../import/index.ts');
    const permissions = texts(args, 'permissions');
    const output = text(args, 'output');
    const {
      rows,
      created: made,
      failure,
    } = await importConnections({
      bytes: readBytes(file),
      request: async (request) => parseAnswer(await requestAdmin(request, args, terminal)),
      invitation: {
        expires_in: text(args, 'expiresIn'),
        ...(permissions.length > 0 ? { permissions } : {}),
      },
      output,
      newLinks: isSet(args, 'newLinks'),
    });
    if (isSet(args, 'json')) terminal.out(`${JSON.stringify({ items: rows }, null, 2)}\n`);
    else if (output === undefined) terminal.out(progressHeader + rows.map(progressLine).join(''));
    const states = Object.entries(Object.groupBy(rows, ({ state }) => state)).map(
      ([state, list = []]) => `${list.length} ${state}`,
    );
    terminal.err(
      `${rows.length} listed: ${states.join(', ') || 'none'}. Made ${made.connections} connections and ${made.invitations} links.\n`,
    );
    if (failure === undefined) return 0;
    terminal.err('It ended before the last line. Run it again: what is made is not made twice.\n');
    throw failure;
  },
};

function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw usageError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}
