/** Rules between keys. A rule is skipped if one of its keys is invalid. */
import type { Fault } from '../../platform/errors/index.ts';
import { isLoopback } from '../../platform/outbound/index.ts';
import type { PartialValues } from '../../platform/settings/index.ts';
import { durationField } from '../../platform/validation/index.ts';
import type { Address } from './address.ts';
import type { shape } from './shape.ts';
import { isPlain } from './store.ts';

type Keys = PartialValues<typeof shape>;

export const faultsBetweenKeys = (known: Keys): Fault[] => [
  ...rules.flatMap((rule) => rule(known) ?? []),
  ...backendFaults(known),
];

const rules: readonly ((known: Keys) => Fault | undefined)[] = [
  ({ listen: { tls } }) =>
    tls.cert === null && typeof tls.key === 'string'
      ? fault('listen.tls.cert', 'is missing; listen.tls needs both cert and key')
      : undefined,

  ({ listen: { tls } }) =>
    tls.key === null && typeof tls.cert === 'string'
      ? fault('listen.tls.key', 'is missing; listen.tls needs both cert and key')
      : undefined,

  ({ listen: { tls } }) =>
    typeof tls.client_ca === 'string' && tls.cert === null && tls.key === null
      ? fault(
          'listen.tls.client_ca',
          'needs listen.tls.cert and listen.tls.key: without TLS there are no client certificates',
        )
      : undefined,

  ({ listen: { client_certificate_header: header }, trust_proxy }) =>
    typeof header === 'string' && trust_proxy?.length === 0
      ? fault(
          'listen.client_certificate_header',
          'needs trust_proxy: without it, any caller could set this header',
        )
      : undefined,

  ...(['public', 'documents'] as const).map((name) => ({ listen, trust_proxy }: Keys) => {
    const address = listen[name];
    return address && !isLoopback(address.host) && listen.tls.cert === null && trust_proxy?.length === 0
      ? fault(
          `listen.${name}`,
          'is reachable from the network without encryption: set listen.tls, or add the proxy that terminates TLS to trust_proxy, or listen on 127.0.0.1',
        )
      : undefined;
  }),

  ({ listen }) =>
    listen.admin && !isLoopback(listen.admin.host) && listen.tls.cert === null
      ? fault(
          'listen.admin',
          'is reachable from the network without encryption, which exposes the admin token: set listen.tls or listen on 127.0.0.1',
        )
      : undefined,

  ({ listen }) =>
    sameAddress(listen.public, listen.admin)
      ? fault('listen.admin', 'must differ from listen.public')
      : undefined,

  ({ listen }) =>
    sameAddress(listen.documents, listen.public) || sameAddress(listen.documents, listen.admin)
      ? fault('listen.documents', 'must differ from listen.public and listen.admin')
      : undefined,

  ({ store, allow: { plain_redis } }) =>
    store?.startsWith('redis:') && plain_redis === false && isPlain(store)
      ? fault(
          'store',
          'sends the state over the network without encryption: use rediss://, or set allow.plain_redis: true if the network encrypts it',
        )
      : undefined,

  ({ store, allow: { plain_postgres } }) =>
    store?.startsWith('postgres') && plain_postgres === false && isPlain(store)
      ? fault(
          'store',
          'sends the state over the network without encryption: add ?sslmode=verify-full, or set allow.plain_postgres: true if the network encrypts it',
        )
      : undefined,

  ({ keys: { publish_lead, allow_short_times } }) =>
    below(publish_lead, '30m') && allow_short_times === false
      ? fault('keys.publish_lead', 'must be at least 30m, so that clouds have fetched a key before it signs')
      : undefined,

  ({ keys: { retain, allow_short_times } }) =>
    below(retain, '25h') && allow_short_times === false
      ? fault('keys.retain', 'must be at least 25h, because clouds cache keys for a day')
      : undefined,

  ({ keys: { rotate_every, publish_lead } }) =>
    rotate_every !== undefined && publish_lead !== undefined && rotate_every <= publish_lead
      ? fault(
          'keys.rotate_every',
          'must be longer than keys.publish_lead, so that the next key is ready in time',
        )
      : undefined,

  ({ keys: { rotate_every, publish_lead, retain, allow_short_times } }) =>
    rotate_every !== undefined &&
    publish_lead !== undefined &&
    retain !== undefined &&
    allow_short_times === false &&
    rotate_every > publish_lead &&
    rotate_every < publish_lead + retain
      ? fault('keys.rotate_every', 'must be at least keys.publish_lead plus keys.retain')
      : undefined,

  ({ keys: { stale_after, publish_lead, allow_short_times } }) =>
    stale_after !== undefined &&
    publish_lead !== undefined &&
    allow_short_times === false &&
    stale_after > publish_lead / 2
      ? fault(
          'keys.stale_after',
          'must be at most half of keys.publish_lead: a replica may serve an old JWKS for this long, and verifiers may cache it for the other half',
        )
      : undefined,

  ({ keys }) =>
    keys.previous_encryption_key && keys.encryption_key === null
      ? fault('keys.previous_encryption_key', 'needs keys.encryption_key, which replaces it')
      : undefined,

  ({ store, keys }) =>
    store && !store.startsWith('sqlite:') && keys.backend === 'file' && keys.encryption_key === null
      ? fault(
          'keys.encryption_key',
          'is required with a shared store: every replica decrypts the keys that any replica created',
        )
      : undefined,
];

/** Settings that the selected backend requires. */
function backendFaults({
  keys: { backend, algorithms, aws_kms, gcp_kms, azure_key_vault, pkcs11 },
}: Keys): Fault[] {
  const required: Record<NonNullable<typeof backend>, Record<string, unknown>> = {
    file: {},
    'aws-kms': { 'aws_kms.region': aws_kms.region },
    'gcp-kms': {
      'gcp_kms.key_ring': gcp_kms.key_ring,
      ...(algorithms?.includes('RS256') ? { 'gcp_kms.rsa_key': gcp_kms.rsa_key } : {}),
      ...(algorithms?.includes('ES256') ? { 'gcp_kms.ec_key': gcp_kms.ec_key } : {}),
    },
    'azure-key-vault': { 'azure_key_vault.vault_url': azure_key_vault.vault_url },
    pkcs11: {
      'pkcs11.module': pkcs11.module,
      'pkcs11.token_label': pkcs11.token_label,
      'pkcs11.pin': pkcs11.pin,
    },
  };
  return Object.entries(backend ? required[backend] : {})
    .filter(([, value]) => value === null)
    .map(([key]) => fault(`keys.${key}`, `is missing; keys.backend ${backend} requires it`));
}

const fault = (path: string, message: string): Fault => ({ path, message });

const sameAddress = (one: Address | null | undefined, other: Address | undefined): boolean =>
  Boolean(one && other && one.port !== 0 && one.port === other.port && one.host === other.host);

const below = (seconds: number | undefined, least: string): boolean =>
  seconds !== undefined && seconds < durationField.parse(least);
