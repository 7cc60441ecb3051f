/** Starts the agent: cache, files and endpoint. */
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { SojournError } from '../../platform/errors/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import { every, type Now, sleep, systemNow } from '../../platform/time/index.ts';
import type { Address, AgentConnection } from '../../server/config/index.ts';
import { agentFiles, type Listener } from '../loopback/index.ts';
import type { Sojourn } from '../sdk/index.ts';
import type { CacheValue, EntrySpec } from './cache-entry.ts';
import { credentialsWritersOf, entriesOf, filesOf, folderOf, tokenFileOf, writersOf } from './connection.ts';
import { createFreshTokens, filesOfDelivery } from './delivery.ts';
import { type Directory, openDirectory } from './directory.ts';
import { openEndpoint } from './endpoint.ts';
import type { Failure } from './failure.ts';
import { fetchFrom } from './fetch-from.ts';
import { credentialsIn } from './format.ts';
import { createAgentMetrics } from './metrics.ts';
import { createRefresher, type Refresher } from './refresher.ts';
import { type AgentStatus, gaugesOf, statusOf } from './status.ts';
import { createTokenFiles, type TokenFiles } from './token-files.ts';

export interface AgentOptions {
  readonly sojourn: Pick<Sojourn, 'issuer' | 'token' | 'formattedCredentials'>;
  /** A loopback address; port 0 selects a free port. */
  readonly listen: Address;
  /** Null: the agent writes no files, and no connection may name one. */
  readonly directory: string | null;
  readonly connections: readonly AgentConnection[];
  readonly logger: Logger;
  readonly now?: Now;
  /** A fraction from 0 to 1. */
  readonly random?: () => number;
}

export interface Agent {
  /** `http://127.0.0.1:9180`: credentials are at `/v1/credentials/ID` (`?format=`), tokens at `/v1/token/ID`. */
  readonly origin: string;
  /** The required `Authorization` header, as in the file `authorization` of the directory. */
  readonly authorization: string;
  status(): AgentStatus;
  /** Replaces the connections. Rejects like a start does, and keeps the current ones in that case. */
  reload(change: Pick<AgentOptions, 'sojourn' | 'connections'>): Promise<void>;
  /** Closes the endpoint, aborts running requests, and removes the files. */
  close(): Promise<void>;
}

const tickMs = 1_000;
/** How long a start waits for the first values, to report connections whose tokens are too short. */
const firstRefreshMs = 5_000;

/** Rejects with `config_invalid` or `agent_token_ttl_too_short`. An unavailable server is not an error: the agent retries. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { logger, now = systemNow, random = Math.random } = options;
  const startedAt = now();
  const authorization = randomBytes(32).toString('base64url');
  const shutdown = new AbortController();
  let { sojourn } = options;
  let byId = new Map<string, AgentConnection>();
  let endpoint: Listener | undefined;
  let directory: Directory | undefined;
  let files: TokenFiles | undefined;
  /** By connection, what was written into its folder. */
  const delivered = new Map<string, { readonly folder: string; readonly names: readonly string[] }>();
  const freshToken = createFreshTokens((connection) =>
    sojourn.token(connection, { signal: shutdown.signal }),
  );

  const writeFile = (name: string, text: string, expiresAt = Number.POSITIVE_INFINITY) =>
    files?.write(name, text, expiresAt) ?? Promise.resolve();

  const refresher: Refresher = createRefresher({
    fetchValue: (spec) => fetchFrom(sojourn, shutdown.signal)(spec),
    onRefreshed: writeFiles,
    async onRefused({ connection, type }) {
      const name = tokenFileOf(byId.get(connection) ?? { id: connection });
      if (type === 'token' && name) await files?.remove(name);
      if (type === 'delivery') await removeDelivered(connection);
    },
    onClockSetBack: (milliseconds) => files?.shortenLifetimes(milliseconds),
    observe: (outcome) => metrics.recordRefresh(outcome),
    now,
    random,
    logger,
  });
  const status = () => statusOf(refresher, { issuer: sojourn.issuer, startedAt, now });
  const metrics = createAgentMetrics(() => gaugesOf(refresher, now));

  async function writeFiles(
    { connection: id, type }: EntrySpec,
    { text, expiresAt }: CacheValue,
  ): Promise<void> {
    const connection = byId.get(id);
    if (!connection || !directory) return;
    const folder = folderOf(connection);
    if (folder !== undefined) {
      await directory.makeFolder(folder);
      const written = filesOfDelivery(text, directory.path(folder)).map((file) => ({
        ...file,
        name: `${folder}/${file.name}`,
      }));
      delivered.set(id, { folder, names: written.map(({ name }) => name) });
      for (const { name, text: content } of written) await writeFile(name, content, expiresAt);
      return;
    }
    if (type === 'credentials') {
      for (const { name, write } of credentialsWritersOf(connection))
        await writeFile(name, write(credentialsIn(text)));
      return;
    }
    const name = tokenFileOf(connection);
    if (name) await writeFile(name, text, expiresAt);
    const url = `${endpoint?.origin}/v1/token/${id}`;
    const source = name ? { file: directory.path(name) } : { url, authorization };
    for (const { name: file, write } of writersOf(connection)) await writeFile(file, write(text, source));
  }

  async function removeDelivered(id: string): Promise<void> {
    const { folder, names } = delivered.get(id) ?? { names: [] };
    delivered.delete(id);
    for (const name of names) await files?.remove(name);
    if (folder !== undefined) await directory?.remove(folder);
  }

  /** Caches these connections, waits a while for the first values, and rejects if tokens are too short. */
  async function setConnections(connections: readonly AgentConnection[]): Promise<void> {
    byId = new Map(connections.map((connection) => [connection.id, connection]));
    refresher.setEntries(connections.flatMap(entriesOf));
    // A cached value may need other files in the new configuration.
    for (const { value, ...spec } of refresher.entries()) if (value) await writeFiles(spec, value);
    const timeout = new AbortController();
    await Promise.race([refresher.settled(), sleep(firstRefreshMs, timeout.signal).catch(() => undefined)]);
    timeout.abort();
    const failures = refresher
      .entries()
      .flatMap(({ failure }) => (failure?.code === 'agent_token_ttl_too_short' ? failure : []));
    if (failures.length > 0) throw ttlTooShort(failures);
  }

  async function close(): Promise<void> {
    await stopTicking();
    refresher.setEntries([]);
    shutdown.abort(new SojournError('shutting_down'));
    await endpoint?.close();
    await refresher.settled();
    for (const id of [...delivered.keys()]) await removeDelivered(id);
    await files?.clear();
  }

  let stopTicking = async () => {};
  try {
    endpoint = await openEndpoint({
      address: options.listen,
      token: authorization,
      refresher,
      freshToken: (id) => (folderOf(byId.get(id) ?? { id }) === undefined ? undefined : freshToken(id)),
      status,
      metrics: () => metrics.text(),
      onRefused: (reason) => metrics.recordRefusal(reason),
      logger,
      now,
    });
    // After the port is bound: a second agent that was started by mistake ends before it removes the files of the first.
    if (options.directory !== null) {
      const names = [...Object.values(agentFiles), ...options.connections.flatMap(filesOf)];
      directory = await openDirectory(resolve(options.directory), names);
      files = createTokenFiles(directory, now);
      await writeFile(agentFiles.authorization, authorization);
      await writeFile(agentFiles.endpoint, endpoint.origin);
    }
    stopTicking = every(tickMs, async () => {
      refresher.tick();
      await files?.sweep().catch((err: unknown) => logger.error({ err }, 'cannot remove a file'));
    });
    await setConnections(options.connections);
  } catch (error) {
    await close();
    throw error;
  }

  return {
    origin: endpoint.origin,
    authorization,
    status,
    async reload(change) {
      const current = { sojourn, connections: [...byId.values()] };
      const replace = async (from: typeof change, to: typeof change) => {
        ({ sojourn } = to);
        // Emptied first, so that nothing is written now: a file must never hold the token of its previous connection.
        byId = new Map();
        const owners = ownersOf(to.connections);
        for (const [name, id] of ownersOf(from.connections))
          if (owners.get(name) !== id) await (delivered.has(id) ? removeDelivered(id) : files?.remove(name));
        refresher.breaker.retryNow();
        await setConnections(to.connections);
      };
      try {
        await replace(current, change);
      } catch (error) {
        await replace(change, current);
        throw error;
      }
    },
    close,
  };
}

/** The connection of each file name. */
const ownersOf = (connections: readonly AgentConnection[]) =>
  new Map(connections.flatMap((connection) => filesOf(connection).map((name) => [name, connection.id])));

function ttlTooShort(failures: readonly Pick<Failure, 'detail' | 'advice'>[]): SojournError {
  return new SojournError('agent_token_ttl_too_short', {
    detail: failures.map(({ detail }) => detail).join(' '),
    advice: failures.map(({ advice }) => advice).join(' '),
  });
}
