/**
 * The client of the API, for TypeScript services, and for our own command line and agent. Owns: signing in, keeping
 * credentials until shortly before they end, one call for many callers, another try after a fault of the moment, and
 * the faces that the clouds' own SDKs want. Does not own: anything of the server. It stands apart: it imports no other
 * room and talks HTTP like any other program.
 */
export type { CallOptions, Sojourn, SojournOptions, TokenOptions } from './client.ts';
export { createSojourn } from './client.ts';
export type { AwsCredentials, BearerCredentials, CloudToken, Credentials } from './credentials.ts';
export { signInFromEnv, sojournFromEnv } from './environment.ts';
export { isRefusal, SojournRequestError } from './error.ts';
export { privateKeyJwt } from './private-key.ts';
export type { SignIn, SignInContext, SignInParameters } from './sign-in.ts';
export { clientCertificate, clientSecret, workload } from './sign-in.ts';
