/** `sojourn credentials`: short-lived cloud credentials, as a client fetches them; also for `credential_process`. */
import { at } from '../admin.ts';
import { type CommandSpec, type Face, type Given, text } from '../command.ts';
import { answeredError, usageError } from '../failure.ts';
import { ask, baseUrl, readAnswer } from '../server.ts';

export const credentials: CommandSpec = {
  usage: 'credentials <connection>',
  about: 'fetch credentials of the customer’s cloud (SOJOURN_CLIENT_ID, SOJOURN_CLIENT_SECRET)',
  options: [
    {
      flags: '--format <format>',
      about: 'how they are printed',
      choices: ['json', 'aws-process', 'aws-container', 'env', 'gcp', 'azure'],
      initial: 'json',
    },
    { flags: '--issuer <url>', about: 'the issuer (SOJOURN_ISSUER)' },
  ],
  examples: [
    'credentials con_01k0…',
    'credentials con_01k0… --format aws-process',
    'credentials con_01k0… --format env > credentials.sh',
  ],
  async run(given, face) {
    const issuer = issuerOf(given, face);
    const token = await apiToken(issuer, face);
    const answer = await ask(
      {
        method: 'GET',
        url: `${issuer}${at`/v1/connections/${given.args[0]}/credentials?format=${text(given, 'format')}`}`,
        headers: { authorization: `Bearer ${token}` },
      },
      '--issuer',
    );
    face.out(answer.body.endsWith('\n') ? answer.body : `${answer.body}\n`);
    return 0;
  },
};

function issuerOf(given: Given, face: Face): string {
  const option = text(given, 'issuer');
  const issuer = option ?? face.env.SOJOURN_ISSUER;
  if (!issuer) throw usageError('There is no issuer: set SOJOURN_ISSUER, or name it with --issuer.');
  return baseUrl(issuer, option === undefined ? 'SOJOURN_ISSUER' : '--issuer');
}

async function apiToken(issuer: string, { env }: Face): Promise<string> {
  const { SOJOURN_CLIENT_ID: id, SOJOURN_CLIENT_SECRET: secret } = env;
  if (!id || !secret)
    throw usageError('There is no client: set SOJOURN_CLIENT_ID and SOJOURN_CLIENT_SECRET.');
  const { status, body } = await ask(
    {
      method: 'POST',
      url: `${issuer}/token`,
      headers: {
        authorization: `Basic ${Buffer.from(`${formEncoded(id)}:${formEncoded(secret)}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        resource: 'urn:sojourn:api',
      }).toString(),
    },
    '--issuer',
  );
  const { access_token: token } = readAnswer(body);
  if (typeof token !== 'string') throw answeredError(status, body);
  return token;
}

/** RFC 6749 section 2.3.1: both halves are form-encoded before they are joined. */
const formEncoded = (value: string): string => new URLSearchParams({ '': value }).toString().slice(1);
