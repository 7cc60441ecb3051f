/** What the agent caches for a connection of its configuration, and in which files it writes tokens. */
import type { AgentConnection } from '../../server/config/index.ts';
import type { EntrySpec } from './cache-entry.ts';

/**
 * WorkloadIdentityCredential of @azure/identity caches the file's content for 5 minutes, and the agent renews a token at
 * half of its lifetime: half a lifetime must cover the 5 minutes and a slow renewal.
 */
const minAzureLifetimeSeconds = 2 * (300 + 30);

const cachesCredentials = ({ aws, azure, gcp }: AgentConnection): boolean =>
  aws ? (aws.container_endpoint ?? aws.token_file === undefined) : (azure ?? gcp)?.cache_credentials === true;

export const tokenFileOf = ({ aws, azure, gcp }: AgentConnection): string | undefined =>
  aws?.token_file ?? azure?.token_file ?? gcp?.token_file;

/** All names that the connection uses in the directory. */
export const filesOf = (connection: AgentConnection): readonly string[] =>
  [tokenFileOf(connection), connection.gcp?.credentials_file].filter((name) => name !== undefined);

export function entriesOf(connection: AgentConnection): readonly EntrySpec[] {
  const { id, azure, purpose } = connection;
  const credentials = { connection: id, type: 'credentials', minLifetimeSeconds: 0, purpose } as const;
  const token = {
    connection: id,
    type: 'token',
    minLifetimeSeconds: azure ? minAzureLifetimeSeconds : 0,
  } as const;
  return [
    ...(cachesCredentials(connection) ? [credentials] : []),
    ...(!cachesCredentials(connection) || filesOf(connection).length > 0 ? [token] : []),
  ];
}
