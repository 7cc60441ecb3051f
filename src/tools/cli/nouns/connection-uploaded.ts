/** `sojourn connection uploaded`: the customer's cloud holds the keys now, so that the next one may sign. */
import { askAdmin, at, connectionOptions, readGiven } from '../admin.ts';
import { type CommandSpec, type Face, flag, type Given, text } from '../command.ts';
import { parseJson, usageError } from '../failure.ts';
import { cell } from '../print.ts';
import { readAnswer } from '../server.ts';

export const connectionUploaded: CommandSpec = {
  usage: 'uploaded <id>',
  about: 'say that the keys of jwks.json were uploaded to the cloud, so that they may sign',
  options: [
    { flags: '--file <file>', about: 'the JWKS that was uploaded, instead of the one of the set-up files' },
    { flags: '--json', about: 'print the answer as JSON' },
    ...connectionOptions,
  ],
  examples: ['connection uploaded con_01k0…', 'connection uploaded con_01k0… --file jwks.json'],
  async run(given, face) {
    const [id] = given.args;
    const kids = kidsIn(await jwksOf(given, face));
    const answer = readAnswer(
      await askAdmin(
        { method: 'POST', path: at`/connections/${id}/uploaded-keys`, body: { kids } },
        given,
        face,
      ),
    );
    face.out(
      flag(given, 'json')
        ? `${JSON.stringify(answer, null, 2)}\n`
        : `The cloud of ${cell(id)} holds ${kids.map(cell).join(', ')}.\n`,
    );
    return 0;
  },
};

function jwksOf(given: Given, face: Face): string | Promise<string> {
  const file = text(given, 'file');
  return file === undefined
    ? askAdmin({ method: 'GET', path: at`/connections/${given.args[0]}/setup/jwks.json` }, given, face)
    : readGiven(file, '--file');
}

function kidsIn(jwks: string): string[] {
  const value = parseJson(jwks);
  const keys = typeof value === 'object' && value !== null && 'keys' in value ? value.keys : undefined;
  if (!Array.isArray(keys)) throw usageError('This is no JWKS.');
  return keys.map((key: { kid?: unknown }) => String(key?.kid));
}
