/** What a backend gets when it is opened: its part of the configuration section `keys`, and the logger and clock. */
import { SojournError } from '../../platform/errors/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import type { Now } from '../../platform/time/index.ts';
import type { KeyBackend } from './backend.ts';

export interface BackendSettings {
  readonly aws_kms: { readonly region: string | null; readonly endpoint: string | null };
  readonly gcp_kms: {
    readonly key_ring: string | null;
    readonly rsa_key: string | null;
    readonly ec_key: string | null;
    readonly endpoint: string | null;
    readonly metadata_endpoint: string | null;
  };
  readonly azure_key_vault: {
    readonly vault_url: string | null;
    readonly key_name: string;
    readonly identity_endpoint: string | null;
    readonly authority_host: string | null;
    /** The server's own identity, from the environment variables that the platform sets. */
    readonly identity: PlatformIdentity;
  };
  readonly pkcs11: {
    readonly module: string | null;
    readonly token_label: string | null;
    readonly pin: { readonly value: string; readonly source: string } | null;
  };
}

/**
 * A workload identity (AKS: a token in a file) or a managed identity (a local endpoint); null where the variable is not
 * set.
 */
export interface PlatformIdentity {
  readonly client_id: string | null;
  readonly tenant_id: string | null;
  readonly federated_token_file: string | null;
  /** Set on App Service, Functions and Container Apps; virtual machines have a fixed address and no header. */
  readonly endpoint: string | null;
  readonly header: string | null;
  readonly authority_host: string | null;
}

export interface BackendContext {
  readonly logger: Logger;
  readonly now: Now;
  /** For the file backend. */
  readonly encryptionKey: () => Promise<Uint8Array>;
  /** `file:PATH` or `env:NAME`, for messages. */
  readonly encryptionKeySource?: string | undefined;
  /** The previous key-encryption key. */
  readonly previousEncryptionKey?: Uint8Array | undefined;
}

/** Opens a backend; rejects with `config_invalid` or `key_material_unusable`. Creates no key and signs nothing. */
export type OpenBackend = (settings: BackendSettings, context: BackendContext) => Promise<KeyBackend>;

/** A value that the backend requires. The configuration check reports a missing one earlier. */
export function required<T>(value: T | null, key: string): T {
  if (value !== null) return value;
  throw new SojournError('config_invalid', { detail: `${key}: is missing` });
}

/** The error for a missing package that only this backend needs. The advised command also compiles native packages. */
export function missingPackage(name: string, cause: unknown): SojournError {
  return new SojournError('config_invalid', {
    detail: `keys.backend: needs the package ${name}, which is not installed or does not load`,
    advice: `Run: npm install --save-prod --omit=dev --ignore-scripts=false ${name}`,
    cause,
  });
}
