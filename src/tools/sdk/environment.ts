/** Creates a client from environment variables, for programs, containers and the `sojourn` command. */
import { createSojourn, type Sojourn, type SojournOptions } from './client.ts';
import { SojournRequestError } from './error.ts';
import { privateKeyJwt } from './private-key.ts';
import { clientSecret, type SignIn, workloadToken } from './sign-in.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** `sojournFromEnv(process.env)`: the issuer in SOJOURN_ISSUER, and the client. Throws `invalid_argument` naming what is missing. */
export function sojournFromEnv(
  env: Environment,
  options: Omit<SojournOptions, 'issuer' | 'signIn'> = {},
): Sojourn {
  const issuer = env.SOJOURN_ISSUER;
  if (!issuer) throw missing('The issuer is not set.', 'Set SOJOURN_ISSUER to the issuer of the server.');
  return createSojourn({ ...options, issuer, signIn: signInFromEnv(env) });
}

/**
 * The first of: a workload token in SOJOURN_WORKLOAD_TOKEN_FILE; a private key in SOJOURN_CLIENT_KEY_FILE; a secret in
 * SOJOURN_CLIENT_SECRET_FILE or SOJOURN_CLIENT_SECRET. All but the first require SOJOURN_CLIENT_ID. An empty variable
 * counts as absent. Throws `invalid_argument`.
 */
export function signInFromEnv(env: Environment): SignIn {
  const { SOJOURN_CLIENT_ID: clientId, SOJOURN_WORKLOAD_TOKEN_FILE: tokenFile } = env;
  if (tokenFile) return workloadToken({ tokenFile, ...(clientId ? { clientId } : {}) });
  const { SOJOURN_CLIENT_KEY_FILE: keyFile } = env;
  const { SOJOURN_CLIENT_SECRET_FILE: secretFile, SOJOURN_CLIENT_SECRET: secret } = env;
  if (clientId && keyFile) return privateKeyJwt({ clientId, keyFile });
  if (clientId && secretFile) return clientSecret({ clientId, secretFile });
  if (clientId && secret) return clientSecret({ clientId, secret });
  throw missing(
    'The client is not set.',
    'Set SOJOURN_CLIENT_ID and SOJOURN_CLIENT_SECRET, or name a file in SOJOURN_CLIENT_SECRET_FILE, SOJOURN_CLIENT_KEY_FILE or SOJOURN_WORKLOAD_TOKEN_FILE.',
  );
}

const missing = (detail: string, advice: string) =>
  new SojournRequestError({ code: 'invalid_argument', detail, advice });
