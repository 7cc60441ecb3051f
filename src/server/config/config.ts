/** The configuration as the program uses it: validated, with defaults applied. */
import type { Algorithm, Preset, SettingsByCloud } from '../../clouds/index.ts';
import type { BackendName, BackendSettings } from '../../tokens/keys/index.ts';
import type { Address } from './address.ts';
import type { PublishBucket } from './publish.ts';
import type { EventAges } from './retention.ts';
import type { PermissionSets } from './setup.ts';

/** The text of a secret, not yet validated, and its source for error messages. */
export interface SecretText {
  readonly value: string;
  /** `file:PATH` or `env:NAME` */
  readonly source: string;
  /** The file does not exist, and `sojourn init` may create it. */
  readonly missing?: true;
}

/** Durations are in seconds, with fractions for `ms`. Paths are relative to the working directory. */
export interface Config {
  /** Without a trailing slash, exactly as in tokens and documents. */
  readonly issuer: string;
  /** The vendor's display name; the host of the issuer by default. */
  readonly vendor: string;
  readonly listen: {
    readonly public: Address;
    readonly admin: Address;
    readonly documents: Address | null;
    /** PEM files. */
    readonly tls: { readonly cert: string; readonly key: string; readonly client_ca: string | null } | null;
    /** Spelled as in the file. */
    readonly client_certificate_header: string | null;
  };
  /** Seconds. */
  readonly shutdown: { readonly drain: number };
  /** Lower-case names and addresses, without brackets and ports. */
  readonly admin: { readonly hosts: readonly string[] };
  /** Risks that the operator accepts. */
  readonly allow: {
    readonly plain_redis: boolean;
    readonly plain_postgres: boolean;
    readonly shared_key_folder: boolean;
    readonly shared_database: boolean;
  };
  /** CIDRs, each with its prefix length. */
  readonly trust_proxy: readonly string[];
  /** `sqlite:FILE`, `postgres://…`, `redis://…` or `rediss://…` */
  readonly store: string;
  readonly keys: BackendSettings & {
    readonly backend: BackendName;
    readonly path: string;
    readonly algorithms: readonly Algorithm[];
    readonly rotate_every: number;
    readonly publish_lead: number;
    readonly retain: number;
    readonly stale_after: number;
    readonly check_propagation: boolean;
    /** Without a trailing slash. */
    readonly mirrors: readonly string[];
    readonly publish: readonly PublishBucket[];
    readonly republish_every: number;
    readonly check_mirrors_every: number;
    readonly allow_short_times: boolean;
    readonly encryption_key: SecretText | null;
    readonly previous_encryption_key: SecretText | null;
  };
  readonly tokens: { readonly ttl: number };
  readonly clouds: SettingsByCloud;
  readonly presets: {
    /** The content of the operator's folder. */
    readonly own: readonly Preset[];
    readonly endpoints: Readonly<Record<string, string>>;
    /** CIDRs, each with its prefix length. */
    readonly allow_networks: readonly string[];
  };
  readonly setup: {
    readonly permissions: PermissionSets;
    readonly templates: PublishBucket | null;
  };
  /** Seconds. */
  readonly verify: { readonly every: number };
  readonly clients: {
    /** Exact URLs. */
    readonly jwks_uris: readonly string[];
  };
  readonly limits: {
    /** In a minute. */
    readonly failed_sign_ins: number;
    /** In a second. */
    readonly refused_sign_ins: number;
    readonly requests_per_address: number;
    readonly requests_per_client: number;
    readonly requests_per_invitation: number;
    /** At once. */
    readonly requests_in_flight: number;
    readonly connections: number;
    readonly connections_per_address: number;
    readonly concurrent_exchanges: number;
    readonly concurrent_exchanges_per_tenant: number;
  };
  readonly federation: {
    /** CIDRs, each with its prefix length. */
    readonly allow_networks: readonly string[];
    /** A PEM file. */
    readonly ca: string | null;
  };
  readonly webhooks: {
    /** CIDRs, each with its prefix length. */
    readonly allow_networks: readonly string[];
    /** A PEM file. */
    readonly ca: string | null;
  };
  readonly audit: {
    readonly on_failure: 'refuse' | 'spool' | 'continue';
    /** A folder. */
    readonly spool: string | null;
    /** Ages in seconds; null is forever. */
    readonly retention: { readonly default: number | null; readonly events: EventAges };
  };
  /** Only from SOJOURN_ADMIN_TOKEN, so that no file contains it. */
  readonly admin_token: string | null;
}
