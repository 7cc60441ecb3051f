/** `sojourn credentials`: fetches short-lived cloud credentials as a client, also for tools that run a command. */
import { programs, type TokenFormat } from '../../../clouds/programs/index.ts';
import { SojournError } from '../../../platform/errors/index.ts';
import { credentialsFormats } from '../../../tokens/formats/index.ts';
import { SojournRequestError } from '../../sdk/index.ts';
import { clientOptions, purposeOption, signInNotes } from '../client.ts';
import { type CommandSpec, type Terminal, text } from '../command.ts';
import { agentOption, type CredentialsSource, createSource } from '../credentials-source.ts';
import { reportFailure, usageError } from '../failure.ts';

const tokenFormats = new Map(
  Object.values(programs).flatMap((cloud) => Object.entries(cloud.tokenFormats ?? {})),
);

export const credentials: CommandSpec = {
  usage: 'credentials <connection>',
  description: "fetch credentials of the customer's cloud",
  notes: signInNotes,
  options: [
    {
      flags: '--format <format>',
      description: `output format; ${[...tokenFormats].map(([name, { description }]) => `${name} is ${description}`).join('; ')}`,
      choices: credentialsFormats,
      defaultValue: 'json',
    },
    purposeOption,
    agentOption,
    ...clientOptions,
  ],
  examples: [
    'credentials con_01k0…',
    'credentials con_01k0… --format aws-process',
    'credentials con_01k0… --purpose deploy',
    'credentials con_01k0… --format env > credentials.sh',
    'credentials con_01k0… --workload-token-file /var/run/secrets/sojourn/token',
    'credentials con_01k0… --agent /run/sojourn-agent --format aws-process',
  ],
  async run(args, terminal) {
    const [connection = '', format = 'json'] = [args.positionals[0], text(args, 'format')];
    const purpose = text(args, 'purpose');
    const tokenFormat = tokenFormats.get(format);
    if (tokenFormat && purpose !== undefined)
      throw usageError(
        `--purpose cannot be combined with --format ${format}: a purpose does not narrow the cloud token that it prints.`,
      );
    const source = () => createSource(args, terminal);
    if (tokenFormat) return printToken(tokenFormat, connection, source, terminal);
    const body = await source().formattedCredentials(connection, format, { purpose });
    terminal.out(body.endsWith('\n') ? body : `${body}\n`);
    return 0;
  },
};

/** Prints the cloud token for a library that exchanges it itself. */
async function printToken(
  format: TokenFormat,
  connection: string,
  source: () => CredentialsSource,
  terminal: Terminal,
): Promise<number> {
  const print = (answer: object) => terminal.out(`${JSON.stringify(answer)}\n`);
  try {
    const { token, expiresAt } = await source().token(connection);
    print(format.success(token, expiresAt.valueOf()));
    return 0;
  } catch (error) {
    if (error instanceof SojournRequestError || error instanceof SojournError) {
      const detail = error instanceof SojournError ? error.message : error.detail;
      print(format.failure(error.code, `${detail} ${error.advice}`));
    }
    return reportFailure(error, terminal);
  }
}
