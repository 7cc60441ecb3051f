/** `sojourn credentials`: short-lived cloud credentials, as a client fetches them; also for tools that run a command. */
import { SojournError } from '../../../platform/errors/index.ts';
import { SojournRequestError } from '../../sdk/index.ts';
import { clientOptions, clientVariables, purposeOption } from '../client.ts';
import { type CommandSpec, type Face, text } from '../command.ts';
import { tellFailure, usageError } from '../failure.ts';
import { agentOption, type Source, sourceGiven } from '../source.ts';

export const credentials: CommandSpec = {
  usage: 'credentials <connection>',
  about: `fetch credentials of the customer’s cloud (${clientVariables})`,
  options: [
    {
      flags: '--format <format>',
      about: 'how they are printed; gcp is what an executable source of Google’s libraries prints',
      choices: ['json', 'aws-process', 'aws-container', 'env', 'gcp', 'azure'],
      initial: 'json',
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
  async run(given, face) {
    const [connection = '', format = 'json'] = [given.args[0], text(given, 'format')];
    const purpose = text(given, 'purpose');
    if (format === 'gcp' && purpose !== undefined)
      throw usageError(
        '--purpose does not go with --format gcp: nothing narrows the token that this hands over.',
      );
    const source = () => sourceGiven(given, face);
    if (format === 'gcp') return executableSource(connection, source, face);
    const body = await source().deliver(connection, format, { purpose });
    face.out(body.endsWith('\n') ? body : `${body}\n`);
    return 0;
  },
};

/**
 * The output of an executable-sourced credential (google.aip.dev/auth/4117): the library makes the exchange itself with
 * the cloud token, and shows `message` when there is none.
 */
async function executableSource(connection: string, source: () => Source, face: Face): Promise<number> {
  const print = (answer: object) => face.out(`${JSON.stringify({ version: 1, ...answer })}\n`);
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
    return tellFailure(error, face);
  }
}
