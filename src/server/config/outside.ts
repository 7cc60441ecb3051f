/** What the configuration points to but does not hold: files, and secrets in the environment. */
import { X509Certificate } from 'node:crypto';
import { accessSync, constants, readFileSync } from 'node:fs';
import type { Fault } from '../../platform/errors/index.ts';
import type { AzureIdentity } from '../../tokens/keys/index.ts';
import type { SecretText } from './config.ts';
import { type Environment, variableIn } from './environment.ts';

interface Read<T> {
  readonly value: T | null;
  readonly faults: readonly Fault[];
}

type SecretSource =
  | { readonly from: 'file'; readonly file: string }
  | { readonly from: 'env'; readonly name: string };

/** Reads what the key `path` says is elsewhere. */
export function readSecret(path: string, source: SecretSource | null, env: Environment): Read<SecretText> {
  if (source === null) return { value: null, faults: [] };
  const missing = (message: string) => ({
    value: null,
    faults: [{ path, message }],
  });
  if (source.from === 'env') {
    const value = variableIn(env, source.name);
    return value === undefined
      ? missing(`names the variable ${source.name}, which is not set`)
      : { value: { value, source: `env:${source.name}` }, faults: [] };
  }
  try {
    return {
      value: { value: readFileSync(source.file, 'utf8'), source: `file:${source.file}` },
      faults: [],
    };
  } catch (error) {
    return missing(`names a file that cannot be read (${codeOf(error)})`);
  }
}

/** What Azure's platforms tell a process about its own identity; their names, so no key of ours. */
export const readAzureIdentity = (env: Environment): AzureIdentity => ({
  client_id: variableIn(env, 'AZURE_CLIENT_ID') ?? null,
  tenant_id: variableIn(env, 'AZURE_TENANT_ID') ?? null,
  federated_token_file: variableIn(env, 'AZURE_FEDERATED_TOKEN_FILE') ?? null,
  endpoint: variableIn(env, 'IDENTITY_ENDPOINT') ?? null,
  header: variableIn(env, 'IDENTITY_HEADER') ?? null,
  authority_host: variableIn(env, 'AZURE_AUTHORITY_HOST') ?? null,
});

/** The characters that a Bearer token may have (RFC 6750 section 2.1), and too many of them to be guessed. */
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
              'must be 32 or more letters, digits and - . _ ~ + /, for example from: openssl rand -hex 32',
          },
        ],
      };
}

/** A fault when `file` is named and cannot be read. */
export function unreadable(path: string, file: string | null | undefined): Fault[] {
  if (!file) return [];
  try {
    accessSync(file, constants.R_OK);
    return [];
  } catch (error) {
    return [{ path, message: `names a file that cannot be read (${codeOf(error)})` }];
  }
}

/** The same, and when it holds no certificate: TLS would pass that over, and every fetch would fail instead. */
export function noCertificate(path: string, file: string | null | undefined): Fault[] {
  const faults = unreadable(path, file);
  if (!file || faults.length > 0) return faults;
  try {
    new X509Certificate(readFileSync(file));
    return [];
  } catch {
    return [{ path, message: 'names a file that holds no certificate in PEM form' }];
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown reason';
