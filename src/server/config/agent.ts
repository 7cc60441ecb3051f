/** The configuration of `sojourn agent`: one small file, or variables that begin with SOJOURN_AGENT_. */
import { z } from 'zod';
import type { Fault } from '../../platform/errors/index.ts';
import { isId } from '../../platform/ids/index.ts';
import { purposeName } from '../../platform/validation/index.ts';
import { type Address, addressField, isLoopback } from './address.ts';
import { type Environment, unknownVariables } from './environment.ts';
import { invalid } from './invalid.ts';
import { issuerField } from './issuer.ts';
import { readShape } from './read.ts';
import { key, type Path, type Setting, settingsOf, type Values, variableOf } from './setting.ts';
import { withSource } from './source.ts';
import { endpointField, fileField } from './urls.ts';
import { readYamlFile, type YamlFile } from './yaml-file.ts';

const nameField = z
  .string('must be text')
  .regex(/^[A-Za-z0-9][\w.-]{0,99}$/, 'must be a plain file name in `directory`, with no slash')
  .refine(
    (name) => !['authorization', 'endpoint'].includes(name),
    'is the name of a file of the agent itself',
  );

/** Whether access tokens are kept, for `sojourn credentials`. */
const credentialsField = z.boolean('must be true or false');

const connectionShape = z
  .strictObject({
    id: z.string('must be text').refine((id) => isId('con', id), 'must be the id of a connection'),
    /** Narrows the credentials. */
    purpose: purposeName.optional(),
    aws: z
      .strictObject({
        /** Whether the container endpoint serves it; it does where there is no token file. */
        container: z.boolean('must be true or false').optional(),
        token_file: nameField.optional(),
      })
      .optional(),
    azure: z
      .strictObject({ token_file: nameField.optional(), credentials: credentialsField.optional() })
      .optional(),
    gcp: z
      .strictObject({
        token_file: nameField.optional(),
        credentials: credentialsField.optional(),
        /** An `external_account` file for GOOGLE_APPLICATION_CREDENTIALS. */
        credentials_file: nameField.optional(),
        service_account: z
          .string('must be text')
          .regex(/^[a-z0-9.-]+@[a-z0-9.-]+$/, 'must be the e-mail address of a service account')
          .optional(),
        sts_endpoint: endpointField.optional(),
        iam_credentials_endpoint: endpointField.optional(),
      })
      .optional(),
  })
  .refine(
    ({ aws, azure, gcp }) => [aws, azure, gcp].filter(Boolean).length === 1,
    'must have one of aws, azure and gcp',
  );

export type AgentConnection = z.output<typeof connectionShape>;

/** Where a token is handed over as well, a purpose would promise what it does not hold. */
function keepsCredentialsAlone({ aws, azure, gcp }: AgentConnection): boolean {
  const { token_file, credentials } = { ...azure, ...gcp };
  if (aws) return aws.container !== false && aws.token_file === undefined;
  return credentials === true && token_file === undefined && gcp?.credentials_file === undefined;
}

const connectionField = connectionShape.refine(
  (connection) => connection.purpose === undefined || keepsCredentialsAlone(connection),
  'must keep credentials and no token beside its purpose, which narrows no token',
);

const filesOf = ({ aws, azure, gcp }: AgentConnection) =>
  [aws?.token_file, azure?.token_file, gcp?.token_file, gcp?.credentials_file].filter(
    (name) => name !== undefined,
  );
const areAll = (names: readonly string[]) => new Set(names).size === names.length;

const connectionsField = z
  .array(connectionField)
  .min(1, 'must name one connection or more')
  .max(100_000, 'must be 100000 connections at most')
  .refine((list) => areAll(list.map(({ id }) => id)), 'must not hold a connection twice')
  .refine((list) => areAll(list.flatMap(filesOf)), 'must not give a file name twice');

const loopbackField = addressField.refine(
  ({ host }) => isLoopback(host),
  'must be an address of loopback such as 127.0.0.1:9180: whoever reaches it gets a chance at your customers’ clouds',
);

const file = (about: string) => key(fileField.nullable(), null, about);

export const agentShape = {
  issuer: { field: issuerField, about: 'The issuer of the server.' } satisfies Setting<string>,
  sign_in: {
    client_id: key(
      z
        .string('must be text')
        .regex(/^[\w.:-]{1,100}$/, 'must be the id of a client')
        .nullable(),
      null,
      'The client. A workload token may do without.',
    ),
    client_secret_file: file('File with the secret of the client.'),
    private_key_file: file('Or with its private key, in PEM or as a JWK.'),
    workload_token_file: file('Or with the token that the platform gives this workload.'),
  },
  listen: key(loopbackField, '127.0.0.1:9180', 'Where the endpoint is: loopback and nothing else.'),
  directory: {
    field: fileField,
    about: 'The folder for the files of the agent: its own, mode 0700, made where there is none.',
  } satisfies Setting<string>,
  connections: key(connectionsField, [], 'What is kept, and in which forms.'),
} as const;

/** Tens of thousands of connections. */
const maxBytes = 8 * 1024 * 1024;

type Keys = Values<typeof agentShape>;

export interface AgentConfig {
  /** With no trailing slash. */
  readonly issuer: string;
  readonly sign_in: Keys['sign_in'];
  readonly listen: Address;
  readonly directory: string;
  readonly connections: readonly AgentConnection[];
}

/**
 * Reads the file, where there is one, with the environment over it. Rejects with `config_invalid`, which names every
 * fault.
 */
export async function loadAgentConfig({
  file: path,
  env,
}: {
  file: string | undefined;
  env: Environment;
}): Promise<AgentConfig> {
  const { raw, lineOf }: YamlFile = path
    ? await readYamlFile(path, maxBytes)
    : { raw: {}, lineOf: () => undefined };
  // One floor deeper, so that every variable begins with SOJOURN_AGENT_.
  const whole = { agent: agentShape };
  const { values, faults } = readShape(whole, { agent: raw }, env);
  const variables = [
    ...settingsOf(whole).map(({ path: names }) => variableOf(names)),
    'SOJOURN_AGENT_CONFIG',
  ];
  const { sign_in } = values.agent;
  const all: Fault[] = [
    ...faults,
    ...signInFaults(sign_in),
    ...unknownVariables(env, variables, 'SOJOURN_AGENT_'),
  ];
  // No fault, so no value is missing.
  if (all.length === 0) return values.agent as Keys;
  const inFile = (names: Path) => (names.length > 1 ? lineOf(names.slice(1)) : undefined);
  throw invalid(
    all
      .map((fault) => withSource(whole, fault, env, inFile))
      .map(({ path: where, message }) => ({
        path: where === 'agent' ? 'the file' : where.replace(/^agent\./, ''),
        message,
      })),
  );
}

function signInFaults(
  signIn: { readonly [name in keyof Keys['sign_in']]: string | null | undefined },
): Fault[] {
  const { client_id, client_secret_file, private_key_file, workload_token_file } = signIn;
  const ways = [client_secret_file, private_key_file, workload_token_file];
  // A faulty one has been told already.
  if (ways.includes(undefined)) return [];
  const chosen = ways.filter((way) => way !== null).length;
  const path = 'agent.sign_in';
  if (chosen !== 1)
    return [
      { path, message: 'must have one of client_secret_file, private_key_file and workload_token_file' },
    ];
  return client_id === null && workload_token_file === null
    ? [{ path: `${path}.client_id`, message: 'is missing; a secret or a key belongs to one' }]
    : [];
}
