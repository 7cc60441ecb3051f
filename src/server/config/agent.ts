/** The configuration of `sojourn agent`: one small file, or variables that begin with SOJOURN_AGENT_. */
import { z } from 'zod';
import {
  type AgentField,
  type AgentSettings,
  type AgentSupport,
  type CloudName,
  programs,
} from '../../clouds/programs/index.ts';
import type { Fault } from '../../platform/errors/index.ts';
import { isId } from '../../platform/ids/index.ts';
import { isLoopback } from '../../platform/outbound/index.ts';
import {
  endpointField,
  fileField,
  key,
  type Path,
  type Setting,
  settingsOf,
  type Values,
  variableOf,
} from '../../platform/settings/index.ts';
import { purposeName } from '../../platform/validation/index.ts';
import { invalidFile, readYamlFile, type YamlFile } from '../../platform/yaml/index.ts';
import { type Address, addressField } from './address.ts';
import { type Environment, unknownVariables } from './environment.ts';
import { issuerField } from './issuer.ts';
import { readShape } from './read.ts';
import { withSource } from './source.ts';

const nameField = z
  .string('must be text')
  .regex(/^[A-Za-z0-9][\w.-]{0,99}$/, 'must be a plain file name in `directory`, with no slash')
  .refine(
    (name) => !['authorization', 'endpoint'].includes(name),
    'must not be the name of one of the agent’s own files (authorization, endpoint)',
  );

const flagField = z.boolean('must be true or false');

function fieldFor(field: AgentField) {
  if (field.type === 'flag') return flagField;
  if (field.type === 'file') return nameField;
  if (field.type === 'endpoint') return endpointField;
  return z.string('must be text').regex(field.pattern, field.message);
}

const sectionFor = ({ fields }: AgentSupport) => {
  const optional = Object.entries(fields).map(([name, field]) => [name, fieldFor(field).optional()]);
  return z
    .strictObject({ token_file: nameField.optional(), ...Object.fromEntries(optional) })
    .optional() as z.ZodType<AgentSettings | undefined>;
};

const sections = Object.entries(programs)
  .flatMap(([name, { agent }]) => (agent ? [{ name: name as CloudName, agent }] : []))
  .toSorted((a, b) => a.name.localeCompare(b.name));
const sectionNames: readonly string[] = sections.map(({ name }) => name);

export type AgentConnection = {
  readonly id: string;
  /** Narrows the credentials. */
  readonly purpose?: string | undefined;
  /** For a service with a preset. `folder` is a name in the agent's directory. */
  readonly service?: { readonly folder: string } | undefined;
} & { readonly [cloud in CloudName]?: AgentSettings | undefined };

const connectionShape: z.ZodType<AgentConnection> = z
  .strictObject({
    id: z.string('must be text').refine((id) => isId('con', id), 'must be the id of a connection'),
    purpose: purposeName.optional(),
    service: z.strictObject({ folder: nameField }).optional(),
    ...(Object.fromEntries(sections.map(({ name, agent }) => [name, sectionFor(agent)])) as Record<
      CloudName,
      ReturnType<typeof sectionFor>
    >),
  })
  .refine(
    (connection) =>
      [...sectionNames, 'service'].filter((name) => Object.hasOwn(connection, name)).length === 1,
    `must have exactly one of ${new Intl.ListFormat('en-GB').format([...sectionNames, 'service'])}`,
  );

const filesOf = (connection: AgentConnection, isIncluded = (_: AgentSupport, __: string) => true) => [
  ...(connection.service ? [connection.service.folder] : []),
  ...sections.flatMap(({ name, agent }) => {
    const { fields } = agent;
    const settings = connection[name] ?? {};
    const files = [
      'token_file',
      ...Object.keys(fields).filter((field) => fields[field]?.type === 'file'),
    ].filter((field) => isIncluded(agent, field));
    return files.flatMap((field) => (typeof settings[field] === 'string' ? [settings[field]] : []));
  }),
];

const hasToken = ({ credentialsFiles = {} }: AgentSupport, field: string): boolean =>
  !Object.hasOwn(credentialsFiles, field);

/** A purpose does not narrow tokens, so a connection with a purpose must serve credentials only. */
const servesCredentialsOnly = (connection: AgentConnection): boolean =>
  filesOf(connection, hasToken).length === 0 &&
  sections.some(({ name, agent }) => {
    const settings = connection[name];
    return settings !== undefined && agent.cachesCredentials(settings);
  });

const connectionField = connectionShape.refine(
  (connection) => connection.purpose === undefined || servesCredentialsOnly(connection),
  'must serve credentials only, because its purpose does not narrow tokens',
);

const areUnique = (names: readonly string[]) => new Set(names).size === names.length;

const connectionsField = z
  .array(connectionField)
  .min(1, 'must have at least one connection')
  .max(100_000, 'must have at most 100000 connections')
  .refine((list) => areUnique(list.map(({ id }) => id)), 'must not list a connection twice')
  .refine(
    (list) => areUnique(list.flatMap((connection) => filesOf(connection))),
    'must not use a file name twice',
  );

const loopbackField = addressField.refine(
  ({ host }) => isLoopback(host),
  'must be a loopback address such as 127.0.0.1:9180, because the endpoint serves credentials of your customers’ clouds',
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
      'The client id. Optional with a workload token.',
    ),
    client_secret_file: file('File with the client secret.'),
    private_key_file: file('File with the private key of the client, in PEM or JWK format.'),
    workload_token_file: file('File with the token that the platform issues to the workload.'),
  },
  listen: key(loopbackField, '127.0.0.1:9180', 'Loopback address of the endpoint.'),
  directory: {
    field: fileField,
    about: 'Directory for the files of the agent only; mode 0700, created if missing.',
  } satisfies Setting<string>,
  connections: key(connectionsField, [], 'The connections, and how the agent serves each.'),
} as const;

/** Enough for tens of thousands of connections. */
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
 * Reads the file, if any; environment variables override it. Rejects with `config_invalid`, which names every fault.
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
  // Nested under `agent`, so that every variable begins with SOJOURN_AGENT_.
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
  // Without faults, no value is missing.
  if (all.length === 0) return values.agent as Keys;
  const inFile = (names: Path) => (names.length > 1 ? lineOf(names.slice(1)) : undefined);
  throw invalidFile(
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
  const methods = [client_secret_file, private_key_file, workload_token_file];
  // Undefined: the field is invalid and already reported.
  if (methods.includes(undefined)) return [];
  const count = methods.filter((method) => method !== null).length;
  const path = 'agent.sign_in';
  if (count !== 1)
    return [
      {
        path,
        message: 'must have exactly one of client_secret_file, private_key_file and workload_token_file',
      },
    ];
  return client_id === null && workload_token_file === null
    ? [{ path: `${path}.client_id`, message: 'is required with a client secret or a private key' }]
    : [];
}
