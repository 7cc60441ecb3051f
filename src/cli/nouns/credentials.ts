/** `sojourn credentials`: short-lived cloud credentials, as a client fetches them; also for tools that run a command. */
import { SojournRequestError } from '../../sdk/index.ts';
import { clientGiven, clientOptions, clientVariables, purposeOption } from '../client.ts';
import { type CommandSpec, type Face, type Given, text } from '../command.ts';
import { tellFailure, usageError } from '../failure.ts';

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
    ...clientOptions,
  ],
  examples: [
    'credentials con_01k0…',
    'credentials con_01k0… --format aws-process',
    'credentials con_01k0… --purpose deploy',
    'credentials con_01k0… --format env > credentials.sh',
    'credentials con_01k0… --workload-token-file /var/run/secrets/sojourn/token',
  ],
  async run(given, face) {
    const [connection = '', format = 'json'] = [given.args[0], text(given, 'format')];
    const purpose = text(given, 'purpose');
    if (format === 'gcp' && purpose !== undefined)
      throw usageError(
        '--purpose does not go with --format gcp: nothing narrows the token that this hands over.',
      );
    if (format === 'gcp') return executableSource(connection, given, face);
    const body = await clientGiven(given, face).deliver(connection, format, { purpose });
    face.out(body.endsWith('\n') ? body : `${body}\n`);
    return 0;
  },
};

/**
 * The output of an executable-sourced credential (google.aip.dev/auth/4117): the library makes the exchange itself with
 * the cloud token, and shows `message` when there is none.
 */
async function executableSource(connection: string, given: Given, face: Face): Promise<number> {
  const print = (answer: object) => face.out(`${JSON.stringify({ version: 1, ...answer })}\n`);
  try {
    const { token, expiresAt } = await clientGiven(given, face).token(connection);
    print({
      success: true,
      token_type: 'urn:ietf:params:oauth:token-type:id_token',
      id_token: token,
      expiration_time: Math.floor(expiresAt.valueOf() / 1000),
    });
    return 0;
  } catch (error) {
    if (error instanceof SojournRequestError)
      print({ success: false, code: error.code, message: `${error.detail} ${error.advice}` });
    return tellFailure(error, face);
  }
}
