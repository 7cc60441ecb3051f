/** The options that say how a client authenticates. */
import { nameTypes } from '../../../access/certificates/index.ts';
import { jsonGiven, readGiven } from '../admin.ts';
import { type Given, type OptionSpec, text, texts } from '../command.ts';
import { usageError } from '../failure.ts';
import { trustOf, trustOptions } from './client-trust.ts';

const nameAbout = {
  subject_dn: 'recognize it by a certificate for this subject (RFC 4514: CN=deployer,O=Acme)',
  san_dns: 'by a certificate for this host',
  san_uri: 'by a certificate for this URI, such as a SPIFFE ID',
  san_ip: 'by a certificate for this address',
  san_email: 'by a certificate for this e-mail address',
} as const;

/** How commander names the option `--tls-san-dns`. */
const optionOf = (type: string): string =>
  `tls_${type}`.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

export const authOptions: readonly OptionSpec[] = [
  {
    flags: '--jwks-file <file>',
    about: 'public keys of a private_key_jwt client, or of a federated one’s issuer (JWKS, RFC 7517)',
  },
  {
    flags: '--jwks-uri <url>',
    about:
      'URL of these keys instead: for private_key_jwt one of clients.jwks_uris; for a federated client its issuer’s JWKS or trust bundle',
  },
  ...nameTypes.map((type) => ({
    flags: `--tls-${type.replace('_', '-')} <text>`,
    about: nameAbout[type],
  })),
  {
    flags: '--tls-certificate <file>',
    about: 'by this certificate itself (PEM), whoever has signed it; may be repeated',
    many: true,
  },
  ...trustOptions,
];

/** The client's `auth`; undefined when no option says anything about it but perhaps the method. */
export function authOf(given: Given): object | undefined {
  const keys = keysOf(given);
  const [trust, certificate] = [trustOf(given, keys), certificateOf(given)];
  if (trust && certificate) throw usageError('--federated and the --tls options exclude each other.');
  if (trust || certificate) return trust ?? certificate;
  return keys.jwks === undefined && keys.jwks_uri === undefined
    ? undefined
    : { method: 'private_key_jwt', ...keys };
}

/** The same for a client that is new, whose method may be given too. */
export function newAuthOf(given: Given): object {
  const auth = authOf(given);
  const method = text(given, 'auth');
  const withKeys = auth !== undefined && 'method' in auth && auth.method === 'private_key_jwt';
  if (withKeys && method !== 'private_key_jwt')
    throw usageError('--jwks-file and --jwks-uri need --auth private_key_jwt or --federated.');
  if (auth) return auth;
  if (method === 'private_key_jwt')
    throw usageError('--auth private_key_jwt needs --jwks-file or --jwks-uri.');
  return { method: 'client_secret' };
}

function certificateOf(given: Given): object | undefined {
  const names = nameTypes.flatMap((type) => {
    const value = text(given, optionOf(type));
    return value === undefined ? [] : [[type, value] as const];
  });
  const files = texts(given, 'tlsCertificate');
  if (names.length === 0 && files.length === 0) return undefined;
  if (names.length + Math.min(files.length, 1) > 1)
    throw usageError('A certificate is recognized by one name, or by itself: give one of the --tls options.');
  if (text(given, 'jwksFile') !== undefined || text(given, 'jwksUri') !== undefined)
    throw usageError('--jwks-file and --jwks-uri cannot be combined with the --tls options.');
  return files.length === 0
    ? { method: 'tls', ...Object.fromEntries(names) }
    : {
        method: 'tls',
        self_signed: true,
        certificates: files.map((file) => readGiven(file, '--tls-certificate')),
      };
}

function keysOf(given: Given): { readonly jwks?: unknown; readonly jwks_uri?: string } {
  const [file, uri] = [text(given, 'jwksFile'), text(given, 'jwksUri')];
  if (uri !== undefined && file !== undefined)
    throw usageError('--jwks-uri and --jwks-file exclude each other.');
  if (uri !== undefined) return { jwks_uri: uri };
  return file === undefined ? {} : { jwks: jsonGiven(readGiven(file, '--jwks-file'), '--jwks-file') };
}
