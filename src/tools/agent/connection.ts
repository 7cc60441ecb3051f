/** What the agent caches for a connection of its configuration, and in which files it writes tokens. */
import { type AgentSettings, type AgentSupport, programs } from '../../clouds/programs/index.ts';
import type { AgentConnection } from '../../server/config/index.ts';
import type { EntrySpec } from './cache-entry.ts';

const cloudNames = Object.keys(programs) as readonly (keyof typeof programs)[];

/** The section of the connection's cloud, and what the agent does for this cloud. */
function sectionOf(connection: AgentConnection): { settings: AgentSettings; agent?: AgentSupport } {
  const cloud = cloudNames.find((name) => connection[name] !== undefined);
  const agent = cloud && programs[cloud].agent;
  return { settings: (cloud && connection[cloud]) ?? {}, ...(agent ? { agent } : {}) };
}

const fileNameIn = (settings: AgentSettings, field: string): string | undefined =>
  settings[field] as string | undefined;

export const tokenFileOf = (connection: AgentConnection): string | undefined =>
  fileNameIn(sectionOf(connection).settings, 'token_file');

/** The files besides the token file, with the text that the agent writes for a token. */
export function writersOf(connection: AgentConnection) {
  const { settings, agent } = sectionOf(connection);
  return Object.entries(agent?.files ?? {}).flatMap(([field, write]) => {
    const name = fileNameIn(settings, field);
    return name === undefined ? [] : [{ name, write: write.bind(undefined, connection.id, settings) }];
  });
}

/** The files that the agent writes for credentials. */
export function credentialsWritersOf(connection: AgentConnection) {
  const { settings, agent } = sectionOf(connection);
  return Object.entries(agent?.credentialsFiles ?? {}).flatMap(([field, write]) => {
    const name = fileNameIn(settings, field);
    return name === undefined ? [] : [{ name, write }];
  });
}

/** The folder of a service with a preset. */
export const folderOf = ({ service }: AgentConnection): string | undefined => service?.folder;

const tokenFilesOf = (connection: AgentConnection): readonly string[] =>
  [tokenFileOf(connection), ...writersOf(connection).map(({ name }) => name)].filter(
    (name) => name !== undefined,
  );

/** All names that the connection uses in the directory. */
export const filesOf = (connection: AgentConnection): readonly string[] => [
  ...[folderOf(connection)].filter((name) => name !== undefined),
  ...tokenFilesOf(connection),
  ...credentialsWritersOf(connection).map(({ name }) => name),
];

export function entriesOf(connection: AgentConnection): readonly EntrySpec[] {
  const { id, purpose } = connection;
  if (folderOf(connection) !== undefined)
    return [{ connection: id, type: 'delivery', minLifetimeSeconds: 0, purpose }];
  const { settings, agent } = sectionOf(connection);
  const cachesCredentials = agent?.cachesCredentials(settings) ?? false;
  const credentials = { connection: id, type: 'credentials', minLifetimeSeconds: 0, purpose } as const;
  const token = {
    connection: id,
    type: 'token',
    minLifetimeSeconds: agent?.tokenLifetime?.minSeconds ?? 0,
    lifetimeReason: agent?.tokenLifetime?.reason,
  } as const;
  return [
    ...(cachesCredentials ? [credentials] : []),
    ...(!cachesCredentials || tokenFilesOf(connection).length > 0 ? [token] : []),
  ];
}
