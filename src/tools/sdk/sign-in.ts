/** How a client proves at /token who it is. A file is read again for each sign-in, since platforms and people renew it. */
import { readFile } from 'node:fs/promises';
import { SojournRequestError } from './error.ts';

export interface SignInContext {
  /** The issuer, to the letter: an assertion is made for it and no other. */
  readonly issuer: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** What goes with a request to /token. */
export interface SignInParameters {
  readonly headers?: Readonly<Record<string, string>>;
  readonly parameters?: Readonly<Record<string, string>>;
}

/** Made anew for every request. Rejects with `sign_in_invalid`. */
export type SignIn = (facts: SignInContext) => Promise<SignInParameters>;

/** A client id and its secret (RFC 6749 section 2.3.1); `secretFile` is a file that holds nothing else. */
export function clientSecret(
  options: { readonly clientId: string } & ({ readonly secret: string } | { readonly secretFile: string }),
): SignIn {
  return async () => {
    const secret =
      'secret' in options
        ? options.secret
        : await textOf(options.secretFile, 'The file of the client secret');
    // Both halves are form-encoded before they are joined.
    const basic = Buffer.from(`${formEncoded(options.clientId)}:${formEncoded(secret)}`).toString('base64');
    return { headers: { authorization: `Basic ${basic}` } };
  };
}

/**
 * A token that the platform gives the workload: a Kubernetes service account token, a token of a CI job, a JWT-SVID.
 * It is a client assertion (RFC 7523). `clientId` is needed where more than one client fits the token.
 */
export function workload(
  options: { readonly clientId?: string } & (
    | { readonly tokenFile: string }
    | { readonly token: (facts: { readonly signal: AbortSignal }) => Promise<string> }
  ),
): SignIn {
  return async ({ signal }) => {
    const token =
      'tokenFile' in options
        ? await textOf(options.tokenFile, 'The file of the workload token')
        : await options.token({ signal });
    return {
      parameters: { ...assertion(token), ...(options.clientId ? { client_id: options.clientId } : {}) },
    };
  };
}

/** A certificate on the connection (RFC 8705). It is the `fetch` given to createSojourn that presents it. */
export function clientCertificate({ clientId }: { readonly clientId: string }): SignIn {
  return async () => ({ parameters: { client_id: clientId } });
}

export const assertion = (token: string) => ({
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: token,
});

/** The text of a file without the white space around it. Rejects with `sign_in_invalid`. */
export async function textOf(file: string, what: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw unusable(`${what}, ${file}, cannot be read (${error.code}).`);
  });
  if (text.trim() === '') throw unusable(`${what}, ${file}, is empty.`);
  return text.trim();
}

export const unusable = (detail: string) =>
  new SojournRequestError({
    code: 'sign_in_invalid',
    detail,
    advice: 'Correct what `signIn` was given, or the file that it names.',
  });

const formEncoded = (value: string): string => new URLSearchParams({ '': value }).toString().slice(1);
