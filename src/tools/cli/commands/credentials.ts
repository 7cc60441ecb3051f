/** `sojourn credentials`: fetches short-lived cloud credentials as a client, also for tools that run a command. */
import { SojournError } from '../../../platform/errors/index.ts';
import { SojournRequestError } from '../../sdk/index.ts';
import { clientOptions, purposeOption, signInNotes } from '../client.ts';
import { type CommandSpec, type Terminal, text } from '../command.ts';
import { agentOption, type CredentialsSource, createSource } from '../credentials-source.ts';
import { reportFailure, usageError } from '../failure.ts';

export const credentials: CommandSpec = {
  usage: 'credentials <connection>',
  description: "fetch credentials of the customer's cloud",
  notes: signInNotes,
  options: [
    {
      flags: '--format <format>',
      description: "output format; gcp is the format of executable-sourced credentials in Google's libraries",
      choices: ['json', 'aws-process', 'aws-container', 'env', 'gcp', 'azure'],
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
    if (format === 'gcp' && purpose !== undefined)
      throw usageError(
        '--purpose cannot be combined with --format gcp: a purpose does not narrow the cloud token that it prints.',
      );
    const source = () => createSource(args, terminal);
    if (format === 'gcp') return executableSource(connection, source, terminal);
    const body = await source().formattedCredentials(connection, format, { purpose });
    terminal.out(body.endsWith('\n') ? body : `${body}\n`);
    return 0;
  },
};

/**
 * Prints an executable-sourced credential (google.aip.dev/auth/4117): the library exchanges the cloud token itself, and shows
 * `message` on failure.
 */
async function executableSource(
  connection: string,
  source: () => CredentialsSource,
  terminal: Terminal,
): Promise<number> {
  const print = (answer: object) => terminal.out(`${JSON.stringify({ version: 1, ...answer })}\n`);
  try {
    const { token, expiresAt } = await source().token(connection);
    print({
      success: true,
      token_type: 'urn:ietf:params:oauth:token-type:id_token',
      id_token: token,
      expiration_time: Math.floor(expiresAt.valueOf() / 1000),
    });
    return 0;
  } catch (error) {
    if (error instanceof SojournRequestError || error instanceof SojournError) {
      const detail = error instanceof SojournError ? error.message : error.detail;
      print({ success: false, code: error.code, message: `${detail} ${error.advice}` });
    }
    return reportFailure(error, terminal);
  }
}
