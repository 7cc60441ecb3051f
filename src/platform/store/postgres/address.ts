/** The URL of a PostgreSQL database, as in the configuration. Loads no driver. */
import { SojournError } from '../../errors/index.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  /** Undefined without TLS. `rootFile`: a PEM file of authorities; undefined for those that Node trusts. */
  readonly tls: { readonly rootFile: string | undefined } | undefined;
}

export const isPostgres = (url: string): boolean => /^postgres(ql)?:\/\//.test(url);

const example = 'postgres://sojourn:PASSWORD@db.example.com/sojourn?sslmode=verify-full';
const options = ['sslmode', 'sslrootcert'];

/** What is wrong with the URL, without repeating any of it: it may contain a password. Undefined if nothing is. */
export function urlFault(text: string): string | undefined {
  if (!URL.canParse(text)) return `must be a URL such as ${example}`;
  const { hostname, username, password, pathname, searchParams, hash } = new URL(text);
  if (!hostname || !username || !/^\/[^/]+$/.test(pathname))
    return `must name a host, a user and a database, such as ${example}`;
  if (![username, password, pathname].every(isDecodable) || hash)
    return 'has a special character that is not percent-encoded';
  if (hostname.includes(',')) return 'must name one host: the address under which the primary is reached';
  const names = [...searchParams.keys()];
  if (names.some((name) => !options.includes(name)) || new Set(names).size < names.length)
    return 'has another option than sslmode and sslrootcert, or one of them twice';
  const mode = searchParams.get('sslmode') ?? 'disable';
  if (mode !== 'disable' && mode !== 'verify-full')
    return 'must have sslmode=verify-full or sslmode=disable: the other modes do not check which server answers';
  if (searchParams.has('sslrootcert') && mode === 'disable')
    return 'has sslrootcert without sslmode=verify-full';
  return undefined;
}

export function addressOf(text: string): Address {
  const fault = urlFault(text);
  if (fault !== undefined) throw new SojournError('config_invalid', { detail: `store: ${fault}.` });
  const { hostname, port, username, password, pathname, searchParams } = new URL(text);
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port || 5432),
    user: decodeURIComponent(username),
    password: password ? decodeURIComponent(password) : undefined,
    database: decodeURIComponent(pathname.slice(1)),
    tls:
      searchParams.get('sslmode') === 'verify-full'
        ? { rootFile: searchParams.get('sslrootcert') ?? undefined }
        : undefined,
  };
}

export const isEncrypted = (url: string): boolean => addressOf(url).tls !== undefined;

function isDecodable(text: string): boolean {
  try {
    return !decodeURIComponent(text).includes('\0');
  } catch {
    return false;
  }
}
