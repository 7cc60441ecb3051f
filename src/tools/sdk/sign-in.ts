/** Sign-in methods for /token. Files are read again for each sign-in, because platforms and people renew them. */
import { readFile } from 'node:fs/promises';
import { SojournRequestError } from './error.ts';

export interface SignInContext {
  /** The exact issuer: the audience of an assertion. */
  readonly issuer: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** Headers and parameters of the request to /token. */
export interface SignInParameters {
  readonly headers?: Readonly<Record<string, string>>;
  readonly parameters?: Readonly<Record<string, string>>;
}

/** Called for every request. Rejects with `sign_in_invalid`. */
export type SignIn = (context: SignInContext) => Promise<SignInParameters>;

/** A client id and its secret (RFC 6749 section 2.3.1); `secretFile` is a file that contains only the secret. */
export function clientSecret(
  options: { readonly clientId: string } & ({ readonly secret: string } | { readonly secretFile: string }),
): SignIn {
  return async () => {
    const secret =
      'secret' in options ? options.secret : await readText(options.secretFile, 'The client secret file');
    // RFC 6749 form-encodes both parts before it joins them.
    const basic = Buffer.from(`${formEncode(options.clientId)}:${formEncode(secret)}`).toString('base64');
    return { headers: { authorization: `Basic ${basic}` } };
  };
}

/**
 * A token that the platform issues to the workload, such as a Kubernetes service account token, a CI job token or a
 * JWT-SVID, sent as a client assertion (RFC 7523). `clientId` is required if the token matches several clients.
 */
export function workloadToken(
  options: { readonly clientId?: string } & (
    | { readonly tokenFile: string }
    | { readonly token: (context: { readonly signal: AbortSignal }) => Promise<string> }
  ),
): SignIn {
  return async ({ signal }) => {
    const token =
      'tokenFile' in options
        ? await readText(options.tokenFile, 'The workload token file')
        : await options.token({ signal });
    return {
      parameters: {
        ...assertionParameters(token),
        ...(options.clientId ? { client_id: options.clientId } : {}),
      },
    };
  };
}

/** A TLS client certificate (RFC 8705), which the `fetch` of createSojourn must present. */
export function clientCertificate({ clientId }: { readonly clientId: string }): SignIn {
  return async () => ({ parameters: { client_id: clientId } });
}

export const assertionParameters = (token: string) => ({
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: token,
});

/** The trimmed text of a file. Rejects with `sign_in_invalid`. */
export async function readText(file: string, description: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw invalidSignIn(`${description} ${file} cannot be read (${error.code}).`);
  });
  if (text.trim() === '') throw invalidSignIn(`${description} ${file} is empty.`);
  return text.trim();
}

export const invalidSignIn = (detail: string) =>
  new SojournRequestError({
    code: 'sign_in_invalid',
    detail,
    advice: 'Correct the arguments of `signIn`, or the file that they name.',
  });

const formEncode = (value: string): string => new URLSearchParams({ '': value }).toString().slice(1);
