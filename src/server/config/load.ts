/** Loads the configuration: reads the file and the environment, validates them, and reports all faults together. */
import type { Fault } from '../../platform/errors/index.ts';
import { type Path, settingsOf, type Values, variableOf } from '../../platform/settings/index.ts';
import { invalidFile, readYamlFile } from '../../platform/yaml/index.ts';
import { identityVariables } from '../../tokens/keys/index.ts';
import type { Config } from './config.ts';
import { type Environment, environment, unknownVariables } from './environment.ts';
import {
  noCertificate,
  readAdminToken,
  readNewSecret,
  readPlatformIdentity,
  readSecret,
  unreadable,
} from './outside.ts';
import { loadPresets } from './presets.ts';
import { readShape } from './read.ts';
import { faultsBetweenKeys } from './rules.ts';
import { shape } from './shape.ts';
import { withSource } from './source.ts';

/** Reads the YAML file; variables of the environment override it. Rejects with `config_invalid`, which names every fault. */
export async function loadConfig({
  file,
  env = environment(),
  createsKey = false,
}: {
  file: string;
  env?: Environment;
  /** Whether the file of the key-encryption key may be missing, because the caller creates it. */
  createsKey?: boolean;
}): Promise<Config> {
  const { raw, lineOf } = await readYamlFile(file);
  return check(raw, env, lineOf, createsKey);
}

/** The same for an object with the content of the file. Throws `config_invalid`. */
export const parseConfig = (raw: unknown, env: Environment = {}): Config => check(raw, env, () => undefined);

function check(
  raw: unknown,
  env: Environment,
  lineOf: (path: Path) => string | undefined,
  createsKey = false,
): Config {
  const { values, faults } = readShape(shape, raw, env);
  const { encryption_key, previous_encryption_key, pkcs11 } = values.keys;
  const encryptionKey = createsKey
    ? readNewSecret('keys.encryption_key', encryption_key ?? null, env)
    : readSecret('keys.encryption_key', encryption_key ?? null, env);
  const previousKey = readSecret('keys.previous_encryption_key', previous_encryption_key ?? null, env);
  const pin = readSecret('keys.pkcs11.pin', pkcs11.pin ?? null, env);
  const adminToken = readAdminToken(env);
  const { own, faults: presetFaults } = loadPresets(values.presets);
  const variables = settingsOf(shape).map(({ path }) => variableOf(path));
  const named = [encryption_key, previous_encryption_key, pkcs11.pin].flatMap((secret) =>
    secret?.from === 'env' ? [secret.name] : [],
  );

  const all: Fault[] = [
    ...faults,
    ...faultsBetweenKeys(values),
    ...unreadable('listen.tls.cert', values.listen.tls.cert),
    ...unreadable('listen.tls.key', values.listen.tls.key),
    ...noCertificate('listen.tls.client_ca', values.listen.tls.client_ca),
    ...unreadable('keys.pkcs11.module', pkcs11.module),
    ...noCertificate('federation.ca', values.federation.ca),
    ...noCertificate('webhooks.ca', values.webhooks.ca),
    ...encryptionKey.faults,
    ...previousKey.faults,
    ...pin.faults,
    ...adminToken.faults,
    ...presetFaults,
    ...unknownVariables(env, [...variables, ...named]),
  ];
  if (all.length > 0) throw invalidFile(all.map((fault) => withSource(shape, fault, env, lineOf)));

  // Without faults, every value is defined.
  const { listen, keys, presets, ...rest } = values as Values<typeof shape>;
  const { cert, key, client_ca } = listen.tls;
  return {
    ...rest,
    presets: { own, endpoints: presets.endpoints, allow_networks: presets.allow_networks },
    vendor: rest.vendor ?? new URL(rest.issuer).hostname,
    listen: { ...listen, tls: cert === null || key === null ? null : { cert, key, client_ca } },
    keys: {
      ...keys,
      encryption_key: encryptionKey.value,
      previous_encryption_key: previousKey.value,
      azure_key_vault: { ...keys.azure_key_vault, identity: readPlatformIdentity(identityVariables, env) },
      pkcs11: { ...keys.pkcs11, pin: pin.value },
    },
    admin_token: adminToken.value,
  };
}
