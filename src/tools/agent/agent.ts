/** The agent in one piece: what is kept, the files that show it, and the endpoint. */
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { SojournError } from '../../platform/errors/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import { every, type Now, sleep, systemNow } from '../../platform/time/index.ts';
import type { Address, AgentConnection } from '../../server/config/index.ts';
import { agentFiles, type Listener } from '../loopback/index.ts';
import type { Sojourn } from '../sdk/index.ts';
import { filesOf, tokenFileOf, wantedOf } from './connection.ts';
import { type Directory, openDirectory } from './directory.ts';
import { openEndpoint } from './endpoint.ts';
import { externalAccount } from './external-account.ts';
import { createTokenFiles, type TokenFiles } from './files.ts';
import type { Grant, Wanted } from './held.ts';
import { createKeeper, type Keeper } from './keeper.ts';
import { createAgentMetrics } from './metrics.ts';
import { bringFrom } from './source.ts';
import { type AgentStatus, gaugesOf, statusOf } from './status.ts';

export interface AgentOptions {
  /** Signs in and asks the server. */
  readonly sojourn: Pick<Sojourn, 'issuer' | 'token' | 'deliver'>;
  /** Loopback; port 0 takes a free one. */
  readonly listen: Address;
  /** Null where nothing is to be written: then no connection may name a file. */
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
  /** What callers send as `Authorization`; it is in the file `authorization` of the directory. */
  readonly authorization: string;
  status(): AgentStatus;
  /** Keeps other connections from now on. Rejects as a start does, and goes on with the old ones then. */
  reload(change: Pick<AgentOptions, 'sojourn' | 'connections'>): Promise<void>;
  /** Ends the endpoint and what is under way, and takes the files away. */
  close(): Promise<void>;
}

const turnMs = 1_000;
/** How long a start looks whether the server takes what it is asked. */
const firstLookMs = 5_000;

/** Rejects with `config_invalid` or `agent_token_ttl_too_short`; a server that is away is no fault, and is asked again. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { logger, now = systemNow, random = Math.random } = options;
  const startedAt = now();
  const authorization = randomBytes(32).toString('base64url');
  const ending = new AbortController();
  let { sojourn } = options;
  let byId = new Map<string, AgentConnection>();
  let endpoint: Listener | undefined;
  let directory: Directory | undefined;
  let files: TokenFiles | undefined;

  const place = (name: string, text: string, expiresAt = Number.POSITIVE_INFINITY) =>
    files?.place(name, text, expiresAt) ?? Promise.resolve();

  const keeper: Keeper = createKeeper({
    bring: (wanted) => bringFrom(sojourn, ending.signal)(wanted),
    arrived,
    async refused({ connection, kind }) {
      const name = tokenFileOf(byId.get(connection) ?? { id: connection });
      if (kind === 'token' && name) await files?.remove(name);
    },
    setBack: (milliseconds) => files?.shorten(milliseconds),
    observe: (outcome) => metrics.refreshed(outcome),
    now,
    random,
    logger,
  });
  const status = () => statusOf(keeper, { issuer: sojourn.issuer, startedAt, now });
  const metrics = createAgentMetrics(() => gaugesOf(keeper, now));

  async function arrived({ connection: id, kind }: Wanted, { text, expiresAt }: Grant): Promise<void> {
    const connection = byId.get(id);
    if (kind !== 'token' || !connection || !directory) return;
    const name = tokenFileOf(connection);
    if (name) await place(name, text, expiresAt);
    const account = connection.gcp?.credentials_file;
    if (!account) return;
    const url = `${endpoint?.origin}/v1/token/${id}`;
    const from = name ? { file: directory.path(name) } : { url, authorization };
    await place(account, externalAccount(connection, text, from));
  }

  /** Wants these, and looks for a while at what the server says of them. */
  async function keep(connections: readonly AgentConnection[]): Promise<void> {
    byId = new Map(connections.map((connection) => [connection.id, connection]));
    keeper.want(connections.flatMap(wantedOf));
    // What is held already may have to be shown in other files.
    for (const { grant, ...wanted } of keeper.held()) if (grant) await arrived(wanted, grant);
    const enough = new AbortController();
    await Promise.race([keeper.settled(), sleep(firstLookMs, enough.signal).catch(() => undefined)]);
    enough.abort();
    const short = keeper
      .held()
      .flatMap(({ trouble }) => (trouble?.code === 'agent_token_ttl_too_short' ? trouble : []));
    if (short.length > 0) throw tooShort(short);
  }

  async function close(): Promise<void> {
    await stopTurning();
    keeper.want([]);
    ending.abort(new SojournError('shutting_down'));
    await endpoint?.close();
    await keeper.settled();
    await files?.clear();
  }

  let stopTurning = async () => {};
  try {
    endpoint = await openEndpoint({
      address: options.listen,
      token: authorization,
      keeper,
      status,
      metrics: () => metrics.text(),
      refused: (reason) => metrics.refused(reason),
      logger,
      now,
    });
    // Behind the port: a second agent by mistake ends before it takes away the files of the first.
    if (options.directory !== null) {
      const names = [...Object.values(agentFiles), ...options.connections.flatMap(filesOf)];
      directory = await openDirectory(resolve(options.directory), names);
      files = createTokenFiles(directory, now);
      await place(agentFiles.authorization, authorization);
      await place(agentFiles.endpoint, endpoint.origin);
    }
    stopTurning = every(turnMs, async () => {
      keeper.turn();
      await files?.sweep().catch((err: unknown) => logger.error({ err }, 'a file could not be removed'));
    });
    await keep(options.connections);
  } catch (error) {
    await close();
    throw error;
  }

  return {
    origin: endpoint.origin,
    authorization,
    status,
    async reload(change) {
      const before = { sojourn, connections: [...byId.values()] };
      const swap = async (from: typeof change, to: typeof change) => {
        ({ sojourn } = to);
        // First, and while nothing is written: no file may hold the token of a connection that had its name before.
        byId = new Map();
        const owners = ownersOf(to.connections);
        for (const [name, id] of ownersOf(from.connections))
          if (owners.get(name) !== id) await files?.remove(name);
        keeper.gate.reopen();
        await keep(to.connections);
      };
      try {
        await swap(before, change);
      } catch (error) {
        await swap(change, before);
        throw error;
      }
    },
    close,
  };
}

const ownersOf = (connections: readonly AgentConnection[]) =>
  new Map(connections.flatMap((connection) => filesOf(connection).map((name) => [name, connection.id])));

function tooShort(short: readonly { readonly sentence: string; readonly advice: string }[]): SojournError {
  return new SojournError('agent_token_ttl_too_short', {
    detail: short.map(({ sentence }) => sentence).join(' '),
    advice: short.map(({ advice }) => advice).join(' '),
  });
}
