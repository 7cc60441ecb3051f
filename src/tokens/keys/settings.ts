/** What the backends are told: the section `keys` of the configuration as far as it is theirs, and the rest of the house. */
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
    /** What the platform tells in the environment about the server's own identity. */
    readonly identity: AzureIdentity;
  };
  readonly pkcs11: {
    readonly module: string | null;
    readonly token_label: string | null;
    readonly pin: { readonly value: string; readonly source: string } | null;
  };
}

/** A workload identity (AKS: a token in a file) or a managed identity (a local endpoint); null where nothing is told. */
export interface AzureIdentity {
  readonly client_id: string | null;
  readonly tenant_id: string | null;
  readonly federated_token_file: string | null;
  /** App Service, Functions and Container Apps; virtual machines have a fixed address and no header. */
  readonly endpoint: string | null;
  readonly header: string | null;
  readonly authority_host: string | null;
}

export interface BackendContext {
  readonly logger: Logger;
  readonly now: Now;
  /** For the backend that keeps the private halves itself. */
  readonly encryptionKey: () => Promise<Uint8Array>;
  /** What had its place before. */
  readonly previousEncryptionKey?: Uint8Array | undefined;
}

/** Opens a backend; rejects with `config_invalid` or `key_material_unusable`. Makes no key and signs nothing. */
export type OpenBackend = (settings: BackendSettings, context: BackendContext) => Promise<KeyBackend>;

/** A value without which the backend cannot be; the configuration has asked for it already. */
export function required<T>(value: T | null, key: string): T {
  if (value !== null) return value;
  throw new SojournError('config_invalid', { detail: `${key}: is missing` });
}

/** For a package that only this backend needs, and that is not there. The command compiles where the package has to be. */
export function missingPackage(name: string, cause: unknown): SojournError {
  return new SojournError('config_invalid', {
    detail: `keys.backend: needs the package ${name}, which is not installed or does not load`,
    advice: `Run: npm install --save-prod --omit=dev --ignore-scripts=false ${name}`,
    cause,
  });
}
