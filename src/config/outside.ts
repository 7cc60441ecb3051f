/** What the configuration points to but does not hold: files, and secrets in the environment. */
import { accessSync, constants, readFileSync } from 'node:fs';
import type { Fault } from '../errors/index.ts';
import type { EncryptionKeyText } from './config.ts';
import { type Environment, given } from './environment.ts';

interface Read<T> {
  readonly value: T | null;
  readonly faults: readonly Fault[];
}

type KeySource =
  | { readonly from: 'file'; readonly file: string }
  | { readonly from: 'env'; readonly name: string };

export function readKeyText(source: KeySource | null, env: Environment): Read<EncryptionKeyText> {
  if (source === null) return { value: null, faults: [] };
  const missing = (message: string) => ({
    value: null,
    faults: [{ path: 'keys.encryption_key', message }],
  });
  if (source.from === 'env') {
    const value = given(env, source.name);
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

/** The characters that a Bearer token may have (RFC 6750 section 2.1), and too many of them to be guessed. */
const adminToken = /^[\w.~+/-]{32,}=*$/;

export function readAdminToken(env: Environment): Read<string> {
  const value = given(env, 'SOJOURN_ADMIN_TOKEN') ?? null;
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

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown reason';
