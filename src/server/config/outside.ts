/** Reads what the configuration refers to: files, and secrets in the environment. */
import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Fault } from '../../platform/errors/index.ts';
import { fileFault, readFileWithin } from '../../platform/files/index.ts';
import type { PlatformIdentity } from '../../tokens/keys/index.ts';
import type { SecretText } from './config.ts';
import { type Environment, variableIn } from './environment.ts';

/** Secrets, keys, and bundles of certificates. */
const maxBytes = 1024 * 1024;

interface Read<T> {
  readonly value: T | null;
  readonly faults: readonly Fault[];
}

type SecretSource =
  | { readonly from: 'file'; readonly file: string }
  | { readonly from: 'env'; readonly name: string };

/** Reads the secret of the key `path` from its source. */
export function readSecret(path: string, source: SecretSource | null, env: Environment): Read<SecretText> {
  if (source === null) return { value: null, faults: [] };
  const faulty = (message: string) => ({
    value: null,
    faults: [{ path, message }],
  });
  if (source.from === 'env') {
    const value = variableIn(env, source.name);
    return value === undefined
      ? faulty(`names the variable ${source.name}, which is not set`)
      : { value: { value, source: `env:${source.name}` }, faults: [] };
  }
  const result = readFileWithin(source.file, { maxBytes });
  return 'bytes' in result
    ? { value: { value: result.bytes.toString(), source: `file:${source.file}` }, faults: [] }
    : faulty(`names a file that ${result.fault}`);
}

/** As `readSecret`; a file that does not exist is no fault. */
export const readNewSecret = (
  path: string,
  source: SecretSource | null,
  env: Environment,
): Read<SecretText> =>
  source?.from === 'file' && !existsSync(source.file)
    ? { value: { value: '', source: `file:${source.file}`, missing: true }, faults: [] }
    : readSecret(path, source, env);

/** The identity that the platform of the process describes in variables with these names. */
export const readPlatformIdentity = (
  names: Readonly<Record<keyof PlatformIdentity, string>>,
  env: Environment,
): PlatformIdentity => {
  const values = Object.entries(names).map(([member, name]) => [member, variableIn(env, name) ?? null]);
  return Object.fromEntries(values) as PlatformIdentity;
};

/** The characters of a Bearer token (RFC 6750 section 2.1), and at least 32 of them, so that it cannot be guessed. */
const adminToken = /^[\w.~+/-]{32,}=*$/;

export function readAdminToken(env: Environment): Read<string> {
  const value = variableIn(env, 'SOJOURN_ADMIN_TOKEN') ?? null;
  return value === null || adminToken.test(value)
    ? { value, faults: [] }
    : {
        value: null,
        faults: [
          {
            path: 'SOJOURN_ADMIN_TOKEN',
            message:
              'must be at least 32 letters, digits and - . _ ~ + /, for example from: openssl rand -hex 32',
          },
        ],
      };
}

/** A fault if `file` is set and unreadable. */
export function unreadable(path: string, file: string | null | undefined): Fault[] {
  if (!file) return [];
  const fault = fileFault(file);
  return fault === undefined ? [] : [{ path, message: `names a file that ${fault}` }];
}

/** Also a fault if the file contains no certificate: TLS ignores that silently, and every request would fail later. */
export function noCertificate(path: string, file: string | null | undefined): Fault[] {
  if (!file) return [];
  const result = readFileWithin(file, { maxBytes });
  if ('fault' in result) return [{ path, message: `names a file that ${result.fault}` }];
  try {
    new X509Certificate(result.bytes);
    return [];
  } catch {
    return [{ path, message: 'names a file without a PEM certificate' }];
  }
}
