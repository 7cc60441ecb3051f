/** Every key there is. The file, the variables, the checks and docs/configuration.md all follow from this list. */
import { z } from 'zod';
import { plainHttpsField } from '../../access/federation/index.ts';
import { durationBetween, durationField, nameField } from '../../platform/validation/index.ts';
import { backendNames } from '../../tokens/keys/index.ts';
import { addressField, cidrField } from './address.ts';
import { backendKeys } from './backends.ts';
import { issuerField } from './issuer.ts';
import { publishField } from './publish.ts';
import { key, type Setting } from './setting.ts';
import { permissionsField, templatesField } from './setup.ts';
import { endpointField, fileField, regionalEndpointField, secretSourceField, storeField } from './urls.ts';

const algorithmsField = z
  .array(z.enum(['RS256', 'ES256'], 'must be RS256 or ES256'))
  .min(1, 'must hold at least one algorithm')
  .refine((list) => new Set(list).size === list.length, 'must not hold an algorithm twice');

const countBetween = (least: number, most: number) =>
  z.int('must be a whole number').min(least, `must be ${least} or more`).max(most, `must be ${most} at most`);

/** Headers that callers write, or that mean something else. */
const otherwiseUsed = [
  'authorization',
  'host',
  'cookie',
  'content-type',
  'content-length',
  'forwarded',
  'x-forwarded-for',
];

export const shape = {
  issuer: {
    field: issuerField,
    about:
      'The URL that stands in every token and in every customer’s cloud: `https`, lower case, no port, query or trailing slash. Plain `http` only for loopback hosts, where a port is allowed. Never change it once a customer trusts it.',
  } satisfies Setting<string>,
  vendor: key(
    nameField.nullable(),
    null,
    'Your name as your customers’ administrators read it on the page of an invitation and in set-up files. The host of the issuer when not given.',
  ),
  listen: {
    public: key(
      addressField,
      '0.0.0.0:8080',
      'Discovery, JWKS, `/token`, `/v1` and `/connect`. Outside loopback it needs `listen.tls`, or a proxy that ends TLS in `trust_proxy`.',
    ),
    admin: key(
      addressField,
      '127.0.0.1:8081',
      '`/admin/v1`, `/metrics`, `/healthz` and `/readyz`. Outside loopback it needs `listen.tls`, whatever stands in front of it: its token opens everything.',
    ),
    tls: {
      cert: key(
        fileField.nullable(),
        null,
        'PEM file with the certificate chain, for the public listener and for an admin listener outside loopback. Goes with `listen.tls.key`.',
      ),
      key: key(fileField.nullable(), null, 'PEM file with its private key.'),
      client_ca: key(
        fileField.nullable(),
        null,
        'PEM file with the authorities whose certificates clients may sign in with (`tls_client_auth`). With it the public listener asks every caller for a certificate, and demands none.',
      ),
    },
    client_certificate_header: key(
      z
        .string()
        .regex(/^[A-Za-z0-9-]{1,64}$/, 'must be the name of a header, such as Client-Cert')
        .refine((name) => !otherwiseUsed.includes(name.toLowerCase()), 'is a header with another meaning')
        .nullable(),
      null,
      'The header in which a proxy of `trust_proxy` hands on the client certificate that it has verified, as in RFC 9440 or as URL-encoded PEM. From anybody else it is ignored.',
    ),
  },
  trust_proxy: key(
    z.array(cidrField).max(100, 'must hold 100 networks at most'),
    [],
    'Networks of proxies whose `X-Forwarded-For` and `listen.client_certificate_header` are believed.',
  ),
  store: key(
    storeField,
    'sqlite:./data/sojourn.db',
    'Where the state lives: `sqlite:FILE` for one process, `redis://…` or `rediss://…` for many replicas.',
  ),
  keys: {
    backend: key(
      z.enum(backendNames, { error: `must be one of ${backendNames.join(', ')}` }),
      'file',
      'Who keeps the private keys: `file` (this server, encrypted), `aws-kms`, `gcp-kms`, `azure-key-vault` or `pkcs11`. See docs/key-backends.md.',
    ),
    path: key(
      fileField,
      './keys',
      'Folder for this replica’s own copy of the key ring; the private keys in it are encrypted.',
    ),
    algorithms: key(
      algorithmsField,
      ['RS256', 'ES256'],
      'What there are keys for. Azure needs `RS256`; AWS and GCP take both.',
    ),
    rotate_every: key(
      durationField,
      '30d',
      'How long a key signs before the next one takes over. At least `publish_lead` and `retain` together, so that the JWKS stays short.',
    ),
    publish_lead: key(
      durationField,
      '24h',
      'How long a key is published before it signs, so that every cloud has it in its cache. `30m` or more.',
    ),
    retain: key(
      durationField,
      '25h',
      'How long a key stays published after its last token has ended. `25h` or more, because clouds cache for a day.',
    ),
    stale_after: key(
      durationField,
      '5m',
      'How long a replica goes on signing when it cannot see the store, and so not what others did to the keys. At most half of `publish_lead`.',
    ),
    check_propagation: key(
      z.boolean(),
      true,
      'Whether a key is first fetched from `issuer`, as a cloud would, before it signs. Switch it off only where the server cannot reach its own public address.',
    ),
    mirrors: key(
      z.array(endpointField).max(10, 'must hold 10 places at most'),
      [],
      'Base URLs where copies of discovery and JWKS are served, which must have a key as well before it signs.',
    ),
    publish: key(
      publishField,
      [],
      'Buckets where the server puts copies of discovery and JWKS itself, without a key: a list of `{ to: s3://BUCKET/PREFIX | gs://BUCKET/PREFIX | https://ACCOUNT.blob.core.windows.net/CONTAINER/PREFIX, connection: con_… }`. `region` is that of an S3 bucket; `endpoint` stands in place of the cloud’s own address; at `public_url` the copy can be read, and is one of `mirrors`.',
    ),
    republish_every: key(
      durationBetween('1m', '24h'),
      '1h',
      'How often everything is put there again, changed or not, so that what was lost or altered heals. What has changed is put there at once.',
    ),
    check_mirrors_every: key(
      durationBetween('10s', '24h'),
      '5m',
      'How often every copy is compared with what this server serves.',
    ),
    allow_short_times: key(
      z.boolean(),
      false,
      'Lifts the lower bounds on the three times above. For tests and drills only: the server says so at every start.',
    ),
    encryption_key: key(
      secretSourceField.nullable(),
      null,
      'Where the key-encryption key is: `file:PATH` or `env:NAME`, 32 random bytes in base64url. For the backend `file` only. Without it, one is made at first start beside the embedded store. Required with a Redis store, since replicas share it.',
    ),
    previous_encryption_key: key(
      secretSourceField.nullable(),
      null,
      'The key-encryption key that `encryption_key` takes the place of, in the same form. A start that has both opens keys with either, and seals all of them with the new one.',
    ),
    ...backendKeys,
  },
  tokens: {
    ttl: key(
      durationBetween('60s', '3600s'),
      '5m',
      'Life of a cloud token, from `60s` to `3600s`; a connection may have its own.',
    ),
  },
  clouds: {
    aws: {
      sts_endpoint: key(
        regionalEndpointField.nullable(),
        null,
        'In place of the regional STS endpoints: a private endpoint, an emulator, the sandbox. `{region}` in it stands for the name of the region.',
      ),
      sts_region_fallback: key(
        z.boolean(),
        true,
        'Whether the STS of another region of the same geography is asked when that of the connection’s region does not answer. Its credentials are good in every region.',
      ),
    },
    azure: {
      authority_host: key(
        endpointField.nullable(),
        null,
        'In place of `https://login.microsoftonline.com` and its like.',
      ),
      resource_manager_endpoint: key(
        endpointField.nullable(),
        null,
        'In place of `https://management.azure.com` and its like, which verification asks once.',
      ),
    },
    gcp: {
      sts_endpoint: key(endpointField.nullable(), null, 'In place of `https://sts.googleapis.com`.'),
      iam_credentials_endpoint: key(
        endpointField.nullable(),
        null,
        'In place of `https://iamcredentials.googleapis.com`.',
      ),
      resource_manager_endpoint: key(
        endpointField.nullable(),
        null,
        'In place of `https://cloudresourcemanager.googleapis.com`, which verification asks once.',
      ),
    },
  },
  setup: {
    permissions: key(
      permissionsField,
      {},
      'Permission sets that the set-up files can grant, by names of your own: `{ read-only: { aws: { managed_policy_arns: […], policy: {…} }, azure: { roles: [GUID] }, gcp: { roles: [roles/…] } } }`. See docs/set-up.md.',
    ),
    templates: key(
      templatesField.nullable(),
      null,
      'Bucket where the server puts, without a key, the set-up files that a cloud’s console reads from a public address: `{ to: s3://BUCKET/PREFIX, region: …, connection: con_… }`, with the members of `keys.publish`. CloudFormation reads S3 only.',
    ),
  },
  federation: {
    allow_networks: key(
      z.array(cidrField).max(100, 'must hold 100 networks at most'),
      [],
      'Networks that are not public and where the keys of federated clients’ issuers may be fetched all the same, such as that of a private Kubernetes API.',
    ),
    ca: key(
      fileField.nullable(),
      null,
      'PEM file with certificates of private authorities that such issuers’ servers may have theirs from, besides the public ones.',
    ),
  },
  webhooks: {
    allow_networks: key(
      z.array(cidrField).max(100, 'must hold 100 networks at most'),
      [],
      'Networks that are not public and where webhooks may lead all the same.',
    ),
    ca: key(
      fileField.nullable(),
      null,
      'PEM file with certificates of private authorities that receivers may have theirs from, besides the public ones.',
    ),
  },
  clients: {
    jwks_uris: key(
      z.array(plainHttpsField).max(1000, 'must hold 1000 URLs at most'),
      [],
      'The `https` URLs, to the letter, at which `private_key_jwt` clients may publish their keys. Networks that are not public, and private authorities, are those of `federation`.',
    ),
  },
  verify: {
    every: key(
      durationBetween('1m', '30d'),
      '24h',
      'How often a connection that was verified is verified again, give or take a tenth; a failing one once an hour.',
    ),
  },
  limits: {
    failed_sign_ins: key(
      countBetween(5, 1_000_000),
      60,
      'How many sign-ins at `/token` and wrong tokens at `/v1` together, and how many wrong links at `/connect`, one network address may try in a minute; then it gets 429 for a while. An IPv6 address counts as its /64.',
    ),
    requests_per_address: key(
      countBetween(1, 1_000_000),
      200,
      'How many requests a second one network address may make at `/token` and `/v1`, with five seconds’ worth at once; then it gets 429. Clients that share an address, behind a NAT or a proxy that is not in `trust_proxy`, share this.',
    ),
    requests_per_client: key(
      countBetween(1, 1_000_000),
      50,
      'The same for one client, wherever it asks from, once it has proven itself. A tenth of what one core carries.',
    ),
    concurrent_exchanges: key(
      countBetween(1, 10_000),
      64,
      'How many visits to clouds are under way at once. Others wait for 1.5 seconds at most, each tenant in its turn; then they get 503.',
    ),
    concurrent_exchanges_per_tenant: key(
      countBetween(1, 10_000),
      16,
      'How many of these may be of one tenant, so that a cloud that hangs holds no others up.',
    ),
  },
  audit: {
    on_failure: key(
      z.enum(['refuse', 'continue'], 'must be refuse or continue'),
      'refuse',
      'What happens to a request whose audit entry cannot be written: `refuse` it, or `continue` with an error in the log.',
    ),
  },
} as const;
