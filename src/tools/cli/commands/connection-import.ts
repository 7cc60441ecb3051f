/** `sojourn connection import`: creates connections and invitations for many tenants from a CSV file. */
import { readFileWithin } from '../../../platform/files/index.ts';
import { connectionOptions, requestAdmin } from '../admin.ts';
import { type CommandSpec, isSet, text, texts } from '../command.ts';
import { usageError } from '../failure.ts';
import { counted } from '../print.ts';
import { parseAnswer } from '../server.ts';

/** More than 50,000 rows. */
const maxTableBytes = 16 * 1024 * 1024;

export const connectionImport: CommandSpec = {
  usage: 'import <file>',
  description: 'create connections and invitations from a CSV file, and list their states',
  notes: ['You can run it again: it creates nothing twice.'],
  options: [
    {
      flags: '--cloud <cloud>',
      description: 'a preset, whose inputs are the columns (default: see docs/import.md)',
    },
    {
      flags: '--output <file>',
      description: 'write the list, with the links, to this CSV file instead of standard output',
    },
    { flags: '--expires-in <duration>', description: 'validity of the links, 1m to 30d (default: 7d)' },
    {
      flags: '--permissions <set>',
      description: 'permission set of the configuration for the set-up files (repeatable)',
      repeatable: true,
    },
    {
      flags: '--new-links',
      description: 'create a new link if the list does not contain the one that is still valid',
    },
    { flags: '--json', description: 'print the list as JSON' },
    ...connectionOptions,
  ],
  examples: [
    'connection import customers.csv --output progress.csv',
    'connection import customers.csv --output progress.csv --expires-in 30d --permissions read-only',
    'connection import customers.csv --json',
    'connection import clusters.csv --cloud kubernetes',
  ],
  async run(args, terminal) {
    const [file = ''] = args.positionals;
    // Loaded here because only this command needs the CSV parser, and the schemas.
    const { importConnections, importedCloud, importedCloudNames, progressHeader, progressLine } =
      await import('../import/index.ts');
    const request = async (query: Parameters<typeof requestAdmin>[0]) =>
      parseAnswer(await requestAdmin(query, args, terminal));
    const name = text(args, 'cloud') ?? importedCloudNames()[0]!;
    if (!importedCloud(name)) {
      const { addOwnPresets } = await import('../own-presets.ts');
      addOwnPresets(await request({ method: 'GET', path: '/presets' }));
    }
    const cloud = importedCloud(name);
    if (!cloud) throw usageError(`--cloud must be one of ${importedCloudNames().join(', ')}.`);
    const permissions = texts(args, 'permissions');
    const output = text(args, 'output');
    const { rows, created, failure } = await importConnections({
      bytes: readBytes(file),
      cloud,
      request,
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
      ([state, group = []]) => `${group.length} ${state}`,
    );
    terminal.err(
      `${rows.length} listed: ${states.join(', ') || 'none'}. Created ${counted(created.connections, 'connection')} and ${counted(created.invitations, 'link')}.\n`,
    );
    if (failure === undefined) return 0;
    terminal.err('The import stopped before the last row. Run it again: it creates nothing twice.\n');
    throw failure;
  },
};

function readBytes(file: string): Uint8Array {
  const result = readFileWithin(file, { maxBytes: maxTableBytes, allowPipes: true });
  if ('fault' in result) throw usageError(`${file} ${result.fault}.`);
  return result.bytes;
}
