/** `sojourn connection confirm-upload`: confirms that the customer's cloud has the keys, so the next one may sign. */
import { apiPath, connectionOptions, readTextFile, requestAdmin } from '../admin.ts';
import { type CommandSpec, isSet, type ParsedArguments, type Terminal, text } from '../command.ts';
import { parseJson, usageError } from '../failure.ts';
import { cell } from '../print.ts';
import { parseAnswer } from '../server.ts';

export const connectionConfirmUpload: CommandSpec = {
  usage: 'confirm-upload <id>',
  description: 'confirm that the cloud has the keys of jwks.json, so that they may sign',
  options: [
    {
      flags: '--file <file>',
      description: 'the JWKS that was uploaded (default: jwks.json of the set-up files)',
    },
    { flags: '--json', description: 'print JSON' },
    ...connectionOptions,
  ],
  examples: ['connection confirm-upload con_01k0…', 'connection confirm-upload con_01k0… --file jwks.json'],
  async run(args, terminal) {
    const [id] = args.positionals;
    const kids = parseKids(await loadJwks(args, terminal));
    const answer = parseAnswer(
      await requestAdmin(
        { method: 'POST', path: apiPath`/connections/${id}/uploaded-keys`, body: { kids } },
        args,
        terminal,
      ),
    );
    terminal.out(
      isSet(args, 'json')
        ? `${JSON.stringify(answer, null, 2)}\n`
        : `Confirmed for ${cell(id)}: ${kids.map(cell).join(', ')}.\n`,
    );
    return 0;
  },
};

function loadJwks(args: ParsedArguments, terminal: Terminal): string | Promise<string> {
  const file = text(args, 'file');
  return file === undefined
    ? requestAdmin(
        { method: 'GET', path: apiPath`/connections/${args.positionals[0]}/setup/jwks.json` },
        args,
        terminal,
      )
    : readTextFile(file, '--file');
}

function parseKids(jwks: string): string[] {
  const value = parseJson(jwks);
  const keys = typeof value === 'object' && value !== null && 'keys' in value ? value.keys : undefined;
  if (!Array.isArray(keys)) throw usageError('The file is not a JWKS.');
  return keys.map((key: { kid?: unknown }) => String(key?.kid));
}
