/** Every key of the configuration. The file, the variables, the validation and docs/configuration.md follow this list. */
import { z } from 'zod';
import { plainHttpsField } from '../../access/federation/index.ts';
import { algorithms, type CloudName, cloudNames, clouds } from '../../clouds/index.ts';
import {
  endpointField,
  fileField,
  key,
  type Setting,
  type Shape,
  secretSourceField,
} from '../../platform/settings/index.ts';
import { durationBetween, durationField, nameField } from '../../platform/validation/index.ts';
import { backendKeys, backendNames } from '../../tokens/keys/index.ts';
import { addressField, cidrField, hostField } from './address.ts';
import { allowKeys } from './allow.ts';
import { auditKeys } from './audit.ts';
import { issuerField } from './issuer.ts';
import { limitKeys } from './limits.ts';
import { publishField } from './publish.ts';
import { permissionsField, templatesField } from './setup.ts';
import { storeField } from './store.ts';

const algorithmsField = z
  .array(z.enum(algorithms, `must be ${algorithms.join(' or ')}`))
  .min(1, 'must have at least one algorithm')
  .refine((list) => new Set(list).size === list.length, 'must not name an algorithm more than once');

/** Headers that callers set themselves, or that have another meaning. */
const reservedHeaders =
  'authorization host cookie content-type content-length forwarded x-forwarded-for'.split(' ');

export const shape = {
  issuer: {
    field: issuerField,
    about:
      'The URL in every token and in every customer’s cloud: `https`, lower case, without port, query or trailing slash. `http` is accepted only for loopback hosts, where a port is allowed. Never change it once a customer trusts it.',
  } satisfies Setting<string>,
  vendor: key(
    nameField.nullable(),
    null,
    'Your company’s name on invitation pages and in set-up files. The default is the host of the issuer.',
  ),
  listen: {
    public: key(
      addressField,
      '0.0.0.0:8080',
      'Address for discovery, JWKS, `/token`, `/v1` and `/connect`. Outside loopback it requires `listen.tls`, or a proxy in `trust_proxy` that terminates TLS.',
    ),
    admin: key(
      addressField,
      '127.0.0.1:8081',
      'Address for `/admin/v1`, `/metrics`, `/healthz` and `/readyz`. Outside loopback it requires `listen.tls`, even behind a proxy, because the admin token gives full access.',
    ),
    documents: key(
      addressField.nullable(),
      null,
      'Address of a further listener that serves only discovery and JWKS, in a thread of its own, for a proxy that routes by path. It has the same TLS and needs the same protection as `listen.public`.',
    ),
    tls: {
      cert: key(
        fileField.nullable(),
        null,
        'PEM file with the certificate chain, for the public listener and for an admin listener outside loopback. Requires `listen.tls.key`.',
      ),
      key: key(fileField.nullable(), null, 'PEM file with the private key of the certificate.'),
      client_ca: key(
        fileField.nullable(),
        null,
        'PEM file with the authorities that issue client certificates (`tls_client_auth`). If it is set, the public listener requests a certificate from every caller, but requires none.',
      ),
    },
    client_certificate_header: key(
      z
        .string()
        .regex(/^[A-Za-z0-9-]{1,64}$/, 'must be the name of a header, such as Client-Cert')
        .refine(
          (name) => !reservedHeaders.includes(name.toLowerCase()),
          'must not be a header with another meaning',
        )
        .nullable(),
      null,
      'The header in which a proxy in `trust_proxy` forwards the verified client certificate, as in RFC 9440 or as URL-encoded PEM. The header is ignored from any other peer.',
    ),
  },
  shutdown: {
    drain: key(
      durationBetween('100ms', '10m'),
      '300ms',
      'How long the server, after SIGTERM or SIGINT, reports not ready and still accepts connections. Behind a load balancer, more than the interval of its health checks times the failures that it waits for: `8s` for HAProxy’s defaults.',
    ),
  },
  admin: {
    hosts: key(
      z.array(hostField).max(100, 'must have at most 100 hosts'),
      [],
      'Further names and addresses, without a port, for which the admin API answers. It always answers for loopback names and for the address of `listen.admin`. Any other `Host` gets 403, because it can be a web page that uses DNS rebinding.',
    ),
  },
  allow: allowKeys,
  trust_proxy: key(
    z.array(cidrField).max(100, 'must have at most 100 networks'),
    [],
    'Networks of proxies whose `X-Forwarded-For` and `listen.client_certificate_header` are trusted.',
  ),
  store: key(
    storeField,
    'sqlite:./data/sojourn.db',
    'Where the state is stored: `sqlite:FILE` for one machine; `postgres://USER:PASSWORD@HOST/DATABASE`, `redis://…` or `rediss://…` for several. See “Stores” in docs/operations.md.',
  ),
  keys: {
    backend: key(
      z.enum(backendNames, { error: `must be one of ${backendNames.join(', ')}` }),
      'file',
      'Where the private keys live: `file` (in the key ring, encrypted), `aws-kms`, `gcp-kms`, `azure-key-vault` or `pkcs11`. See docs/key-backends.md.',
    ),
    path: key(
      fileField,
      './keys',
      'Directory for this replica’s local file of the key ring; the private keys in it are encrypted.',
    ),
    algorithms: key(
      algorithmsField,
      ['RS256', 'ES256'],
      'Algorithms to create signing keys for. Azure requires `RS256`; AWS and Google Cloud accept both.',
    ),
    rotate_every: key(
      durationField,
      '30d',
      'How long a key signs before the next key replaces it. At least `publish_lead` plus `retain`, so that the JWKS stays short.',
    ),
    publish_lead: key(
      durationField,
      '24h',
      'How long a key is published before it signs, so that every cloud has it in its cache. At least `30m`.',
    ),
    retain: key(
      durationField,
      '25h',
      'How long a key stays published after its last token has expired. At least `25h`, because clouds cache keys for a day.',
    ),
    stale_after: key(
      durationField,
      '5m',
      'How long a replica continues to sign while it cannot read the store and see changes of the keys. At most half of `publish_lead`.',
    ),
    check_propagation: key(
      z.boolean(),
      true,
      'Whether the server fetches a new key from `issuer`, as a cloud does, before the key signs. Switch it off only if the server cannot reach its own public URL.',
    ),
    mirrors: key(
      z.array(endpointField).max(10, 'must have at most 10 URLs'),
      [],
      'Base URLs of mirrors of discovery and JWKS. A key signs only after every mirror serves it.',
    ),
    publish: key(
      publishField,
      [],
      'Buckets to which the server publishes mirrors of discovery and JWKS, without stored credentials: a list of `{ to: s3://BUCKET/PREFIX | gs://BUCKET/PREFIX | https://ACCOUNT.blob.core.windows.net/CONTAINER/PREFIX, connection: con_… }`. `region` is the region of an S3 bucket; `endpoint` overrides the cloud’s endpoint; `public_url` is where the mirror is served, and is added to `mirrors`.',
    ),
    republish_every: key(
      durationBetween('1m', '24h'),
      '1h',
      'How often all documents are published again, changed or not, to repair lost or altered files. Changes are published at once.',
    ),
    check_mirrors_every: key(
      durationBetween('10s', '24h'),
      '5m',
      'How often every mirror is compared with the documents that this server serves.',
    ),
    allow_short_times: key(
      z.boolean(),
      false,
      'Removes the lower bounds of `rotate_every`, `publish_lead` and `retain`, and the upper bound of `stale_after`. For tests and drills only; the server logs a warning at every start.',
    ),
    encryption_key: key(
      secretSourceField.nullable(),
      null,
      'Source of the key-encryption key: `file:PATH` or `env:NAME`, 32 random bytes in base64url. Only for the backend `file`. Without it, `encryption.key` next to the embedded store. `sojourn init` creates a file that does not exist. Required with a shared store, because replicas share it.',
    ),
    previous_encryption_key: key(
      secretSourceField.nullable(),
      null,
      'The key-encryption key that `encryption_key` replaces, in the same form. With both, the server decrypts keys with either at start, and encrypts all of them with the new one.',
    ),
    ...backendKeys,
  },
  tokens: {
    ttl: key(
      durationBetween('60s', '3600s'),
      '5m',
      'Lifetime of a cloud token, from `60s` to `3600s`; a connection can override it.',
    ),
  },
  clouds: Object.fromEntries(cloudNames.map((name) => [name, clouds[name].settings])) as Record<
    CloudName,
    Shape
  >,
  presets: {
    folder: key(
      fileField.nullable(),
      null,
      'Folder with your own presets (`*.yaml`), for services that Sojourn has no preset for. A faulty file stops the start. See docs/destinations.md.',
    ),
    endpoints: key(
      z.record(z.string(), endpointField),
      {},
      'By preset, a base URL that replaces scheme and host of the addresses to which its tokens go, for a sandbox or a gateway: `{ openai: http://127.0.0.1:9100/openai }`. For Kafka and MongoDB, the host and port of a server: http is TCP, https is TLS.',
    ),
    allow_networks: key(
      z.array(cidrField).max(100, 'must have at most 100 networks'),
      [],
      'Private networks in which services of presets may be, such as `10.0.0.0/8`. Otherwise tokens go to public addresses only, so that no target leads into your network.',
    ),
  },
  setup: {
    permissions: key(
      permissionsField,
      {},
      'Permission sets that set-up files can grant, by names that you choose: `{ read-only: { aws: { managed_policy_arns: […], policy: {…} }, azure: { roles: [GUID] }, gcp: { roles: [roles/…] } } }`. See docs/set-up.md.',
    ),
    templates: key(
      templatesField.nullable(),
      null,
      'Bucket to which the server publishes, without stored credentials, the set-up files that a cloud’s console reads from a public URL: `{ to: s3://BUCKET/PREFIX, region: …, connection: con_… }`, with the members of `keys.publish`. CloudFormation reads templates only from S3.',
    ),
  },
  federation: {
    allow_networks: key(
      z.array(cidrField).max(100, 'must have at most 100 networks'),
      [],
      'Private networks from which the server may fetch the keys of federated clients’ issuers, such as the network of a Kubernetes API server.',
    ),
    ca: key(
      fileField.nullable(),
      null,
      'PEM file with private certificate authorities that are trusted for these issuers, in addition to the public ones.',
    ),
  },
  webhooks: {
    allow_networks: key(
      z.array(cidrField).max(100, 'must have at most 100 networks'),
      [],
      'Private networks to which webhooks may be delivered.',
    ),
    ca: key(
      fileField.nullable(),
      null,
      'PEM file with private certificate authorities that are trusted for receivers, in addition to the public ones.',
    ),
  },
  clients: {
    jwks_uris: key(
      z.array(plainHttpsField).max(1000, 'must have at most 1000 URLs'),
      [],
      'Exact `https` URLs at which `private_key_jwt` clients may publish their keys. Private networks and private authorities are those of `federation`.',
    ),
  },
  verify: {
    every: key(
      durationBetween('1m', '30d'),
      '24h',
      'How often an active connection is verified again, with 10 % jitter; a failing connection is verified every hour.',
    ),
  },
  limits: limitKeys,
  audit: auditKeys,
} as const;
