/** Options for the authentication method of a client. */
import { nameTypes } from '../../../access/certificates/index.ts';
import { parseJsonOption, readTextFile } from '../admin.ts';
import { type OptionSpec, type ParsedArguments, text, texts } from '../command.ts';
import { usageError } from '../failure.ts';
import { trustOf, trustOptions } from './client-trust.ts';

const nameDescriptions = {
  subject_dn: 'mutual TLS: subject of the certificate (RFC 4514: CN=deployer,O=Acme)',
  san_dns: 'mutual TLS: host name in the certificate',
  san_uri: 'mutual TLS: URI in the certificate, such as a SPIFFE ID',
  san_ip: 'mutual TLS: IP address in the certificate',
  san_email: 'mutual TLS: e-mail address in the certificate',
} as const;

/** Commander's name of an option: `tlsSanDns` for `--tls-san-dns`. */
const optionName = (type: string): string =>
  `tls_${type}`.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

export const authOptions: readonly OptionSpec[] = [
  {
    flags: '--jwks-file <file>',
    description: "JWKS (RFC 7517) of a private_key_jwt client, or of a federated client's issuer",
  },
  {
    flags: '--jwks-uri <url>',
    description:
      "URL of the JWKS: for private_key_jwt one of clients.jwks_uris, for a federated client its issuer's JWKS or trust bundle",
  },
  ...nameTypes.map((type) => ({
    flags: `--tls-${type.replace('_', '-')} <text>`,
    description: nameDescriptions[type],
  })),
  {
    flags: '--tls-certificate <file>',
    description: 'mutual TLS: exactly this certificate (PEM), signed by any authority (repeatable)',
    repeatable: true,
  },
  ...trustOptions,
];

/** The client's `auth`; undefined if no option but possibly --auth concerns authentication. */
export function authOf(args: ParsedArguments): object | undefined {
  const keys = keysOf(args);
  const [trust, certificate] = [trustOf(args, keys), certificateOf(args)];
  if (trust && certificate) throw usageError('--federated cannot be combined with the --tls options.');
  if (trust || certificate) return trust ?? certificate;
  return keys.jwks === undefined && keys.jwks_uri === undefined
    ? undefined
    : { method: 'private_key_jwt', ...keys };
}

/** The `auth` of a new client, which may also have --auth. */
export function authOfNewClient(args: ParsedArguments): object {
  const auth = authOf(args);
  const method = text(args, 'auth');
  const hasKeys = auth !== undefined && 'method' in auth && auth.method === 'private_key_jwt';
  if (hasKeys && method !== 'private_key_jwt')
    throw usageError('--jwks-file and --jwks-uri need --auth private_key_jwt or --federated.');
  if (auth) return auth;
  if (method === 'private_key_jwt')
    throw usageError('--auth private_key_jwt needs --jwks-file or --jwks-uri.');
  return { method: 'client_secret' };
}

function certificateOf(args: ParsedArguments): object | undefined {
  const names = nameTypes.flatMap((type) => {
    const value = text(args, optionName(type));
    return value === undefined ? [] : [[type, value] as const];
  });
  const files = texts(args, 'tlsCertificate');
  if (names.length === 0 && files.length === 0) return undefined;
  if (names.length + Math.min(files.length, 1) > 1) throw usageError('Give --tls options of one type only.');
  if (text(args, 'jwksFile') !== undefined || text(args, 'jwksUri') !== undefined)
    throw usageError('--jwks-file and --jwks-uri cannot be combined with the --tls options.');
  return files.length === 0
    ? { method: 'tls', ...Object.fromEntries(names) }
    : {
        method: 'tls',
        self_signed: true,
        certificates: files.map((file) => readTextFile(file, '--tls-certificate')),
      };
}

function keysOf(args: ParsedArguments): { readonly jwks?: unknown; readonly jwks_uri?: string } {
  const [file, uri] = [text(args, 'jwksFile'), text(args, 'jwksUri')];
  if (uri !== undefined && file !== undefined)
    throw usageError('--jwks-uri cannot be combined with --jwks-file.');
  if (uri !== undefined) return { jwks_uri: uri };
  return file === undefined
    ? {}
    : { jwks: parseJsonOption(readTextFile(file, '--jwks-file'), '--jwks-file') };
}
