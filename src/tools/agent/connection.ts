/** What a connection of the configuration means: what is kept for it, and which files show it. */
import type { AgentConnection } from '../../server/config/index.ts';
import type { Wanted } from './held.ts';

/**
 * @azure/identity keeps what it has read for 5 minutes (WorkloadIdentityCredential), and a token is renewed at half of its
 * life: that half must outlast the 5 minutes, and a renewal that takes a while.
 */
const leastSecondsForAzure = 2 * (300 + 30);

const keepsCredentials = ({ aws, azure, gcp }: AgentConnection): boolean =>
  aws ? (aws.container ?? aws.token_file === undefined) : (azure ?? gcp)?.credentials === true;

export const tokenFileOf = ({ aws, azure, gcp }: AgentConnection): string | undefined =>
  aws?.token_file ?? azure?.token_file ?? gcp?.token_file;

/** All names that it takes in the directory. */
export const filesOf = (connection: AgentConnection): readonly string[] =>
  [tokenFileOf(connection), connection.gcp?.credentials_file].filter((name) => name !== undefined);

export function wantedOf(connection: AgentConnection): readonly Wanted[] {
  const { id, azure, purpose } = connection;
  const credentials = { connection: id, kind: 'credentials', leastSeconds: 0, purpose } as const;
  const token = { connection: id, kind: 'token', leastSeconds: azure ? leastSecondsForAzure : 0 } as const;
  return [
    ...(keepsCredentials(connection) ? [credentials] : []),
    ...(!keepsCredentials(connection) || filesOf(connection).length > 0 ? [token] : []),
  ];
}
