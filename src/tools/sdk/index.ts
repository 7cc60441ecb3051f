/**
 * The API client for TypeScript services; the `sojourn` command and the agent use it too. Owns: sign-in, caching of
 * tokens and credentials, single-flight, retries after transient errors, and adapters for the clouds' SDKs. Does not
 * own: anything of the server. It imports no other module and uses only HTTP, as any other program would.
 */
export type { CallOptions, Sojourn, SojournOptions, TokenOptions } from './client.ts';
export { createSojourn } from './client.ts';
export type {
  AwsCredentials,
  BearerCredentials,
  CloudToken,
  Credentials,
  ServiceCredentials,
} from './credentials.ts';
export { signInFromEnv, sojournFromEnv } from './environment.ts';
export { isClientRefusal, isRefusal, SojournRequestError } from './error.ts';
export { privateKeyJwt } from './private-key.ts';
export type { SignIn, SignInContext, SignInParameters } from './sign-in.ts';
export { clientCertificate, clientSecret, workloadToken } from './sign-in.ts';
