/** Commands that act as a client. They use the SDK, as any service does. */
import { lightFetch } from '../../platform/outbound/index.ts';
import { type Credentials, type Sojourn, sojournFromEnv } from '../sdk/index.ts';
import { type OptionSpec, type ParsedArguments, type Terminal, text } from './command.ts';

export const clientOptions: readonly OptionSpec[] = [
  { flags: '--issuer <url>', description: 'the issuer (SOJOURN_ISSUER)' },
  {
    flags: '--workload-token-file <file>',
    description: "the workload's token from its platform, instead of a secret (SOJOURN_WORKLOAD_TOKEN_FILE)",
  },
];

/** How the command signs in, for its help. */
export const signInNotes: readonly string[] = [
  'Signs in with SOJOURN_CLIENT_ID and one of SOJOURN_CLIENT_SECRET, SOJOURN_CLIENT_SECRET_FILE and',
  'SOJOURN_CLIENT_KEY_FILE, or with SOJOURN_WORKLOAD_TOKEN_FILE alone.',
];

export const purposeOption: OptionSpec = {
  flags: '--purpose <name>',
  description: "purpose of the connection; optional if the client's rules allow only one",
};

/** Fetches credentials of a connection for the purpose on the command line. */
export type FetchCredentials = (connection: string) => Promise<Credentials>;

/**
 * Creates a client from the environment; options override variables.
 * @throws {SojournRequestError} `invalid_argument`
 */
export function createClient(
  args: ParsedArguments,
  { env }: Pick<Terminal, 'env'>,
  signal?: AbortSignal,
): Sojourn {
  const [issuer, tokenFile] = [text(args, 'issuer'), text(args, 'workloadTokenFile')];
  return sojournFromEnv(
    {
      ...env,
      ...(issuer === undefined ? {} : { SOJOURN_ISSUER: issuer }),
      ...(tokenFile === undefined ? {} : { SOJOURN_WORKLOAD_TOKEN_FILE: tokenFile }),
    },
    { fetch: lightFetch, ...(signal ? { signal } : {}) },
  );
}
