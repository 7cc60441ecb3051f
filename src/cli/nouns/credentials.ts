/** `sojourn credentials`: short-lived cloud credentials, as a client fetches them; also for `credential_process`. */
import { at, readGiven } from '../admin.ts';
import { type CommandSpec, type Face, type Given, text } from '../command.ts';
import { answeredError, usageError } from '../failure.ts';
import { ask, baseUrl, readAnswer } from '../server.ts';

export const credentials: CommandSpec = {
  usage: 'credentials <connection>',
  about:
    'fetch credentials of the customer’s cloud (SOJOURN_CLIENT_ID, SOJOURN_CLIENT_SECRET or SOJOURN_WORKLOAD_TOKEN_FILE)',
  options: [
    {
      flags: '--format <format>',
      about: 'how they are printed',
      choices: ['json', 'aws-process', 'aws-container', 'env', 'gcp', 'azure'],
      initial: 'json',
    },
    { flags: '--purpose <name>', about: 'a purpose of the connection; the one that there is without it' },
    { flags: '--issuer <url>', about: 'the issuer (SOJOURN_ISSUER)' },
    {
      flags: '--workload-token-file <file>',
      about:
        'token of this workload from its own platform, instead of a secret (SOJOURN_WORKLOAD_TOKEN_FILE)',
    },
  ],
  examples: [
    'credentials con_01k0…',
    'credentials con_01k0… --format aws-process',
    'credentials con_01k0… --purpose deploy',
    'credentials con_01k0… --format env > credentials.sh',
    'credentials con_01k0… --workload-token-file /var/run/secrets/sojourn/token',
  ],
  async run(given, face) {
    const issuer = issuerOf(given, face);
    const token = await apiToken(issuer, proofOf(given, face));
    const purpose = text(given, 'purpose');
    const answer = await ask(
      {
        method: 'GET',
        url: `${issuer}${at`/v1/connections/${given.args[0]}/credentials?format=${text(given, 'format')}`}${
          purpose === undefined ? '' : at`&purpose=${purpose}`
        }`,
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

interface Proof {
  readonly headers?: Readonly<Record<string, string>>;
  readonly parameters?: Readonly<Record<string, string>>;
}

/** A secret, or the token file, which the platform renews: it is read for each call. */
function proofOf(given: Given, { env }: Face): Proof {
  const { SOJOURN_CLIENT_ID: id, SOJOURN_CLIENT_SECRET: secret, SOJOURN_WORKLOAD_TOKEN_FILE: file } = env;
  const option = text(given, 'workloadTokenFile');
  const tokenFile = option ?? file;
  if (tokenFile)
    return {
      parameters: {
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: readGiven(
          tokenFile,
          option ? '--workload-token-file' : 'SOJOURN_WORKLOAD_TOKEN_FILE',
        ).trim(),
        ...(id ? { client_id: id } : {}),
      },
    };
  if (!id || !secret)
    throw usageError(
      'There is no client: set SOJOURN_CLIENT_ID and SOJOURN_CLIENT_SECRET, or name the file of a token in SOJOURN_WORKLOAD_TOKEN_FILE.',
    );
  const basic = Buffer.from(`${formEncoded(id)}:${formEncoded(secret)}`).toString('base64');
  return { headers: { authorization: `Basic ${basic}` } };
}

async function apiToken(issuer: string, { headers, parameters }: Proof): Promise<string> {
  const { status, body } = await ask(
    {
      method: 'POST',
      url: `${issuer}/token`,
      headers: {
        ...headers,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        resource: 'urn:sojourn:api',
        ...parameters,
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
