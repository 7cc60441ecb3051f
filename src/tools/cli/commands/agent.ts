/** `sojourn agent`: runs the agent on a workload's machine, or queries a running one. */
import { flushCompileCache } from 'node:module';
import { SojournError } from '../../../platform/errors/index.ts';
import { createLogger, type Logger } from '../../../platform/log/index.ts';
import { lightFetch } from '../../../platform/outbound/index.ts';
import type { AgentConfig } from '../../../server/config/index.ts';
import { hardenProcess } from '../../../server/hardening/index.ts';
import { type AgentStatus, keepHeapSmall, readConfig, signInOf, startAgent } from '../../agent/index.ts';
import { fetchFromAgent } from '../../loopback/index.ts';
import { createSojourn } from '../../sdk/index.ts';
import {
  type CommandGroup,
  type CommandSpec,
  isSet,
  type OptionSpec,
  type ParsedArguments,
  type Terminal,
  text,
} from '../command.ts';
import { usageError } from '../failure.ts';
import { columns, counted, printable } from '../print.ts';
import { onHangup, stopSignal } from '../signals.ts';

const configOption: OptionSpec = {
  flags: '--config <file>',
  description: "the agent's YAML file (SOJOURN_AGENT_CONFIG); environment variables alone are enough",
};

function loadAgentConfig(args: ParsedArguments, { env }: Terminal): Promise<AgentConfig> {
  const file = text(args, 'config') ?? (env.SOJOURN_AGENT_CONFIG || undefined);
  if (!file && !Object.keys(env).some((name) => name.startsWith('SOJOURN_AGENT_')))
    throw usageError('The configuration is missing. Give its file with --config.');
  return readConfig({ file, env });
}

const run: CommandSpec = {
  usage: 'run',
  isDefault: true,
  description: 'serve fresh credentials to the cloud SDKs on this machine until SIGTERM or SIGINT',
  options: [configOption],
  examples: ['agent --config agent.yaml'],
  async run(args, terminal) {
    const reload = Promise.withResolvers<() => Promise<void>>();
    const reloads = onHangup(reload.promise);
    keepHeapSmall();
    const config = await loadAgentConfig(args, terminal);
    const logger = createLogger();
    hardenProcess({ nodeOptions: terminal.env.NODE_OPTIONS, logger });
    const stop = stopSignal();
    const { listen, directory, connections } = config;
    const agent = await startAgent({
      sojourn: createSojournClient(config),
      listen,
      directory,
      connections,
      logger,
    });
    // Keeps the compile cache even if the agent is killed: stripping types again takes 20 MB that are never released.
    flushCompileCache();
    terminal.err(
      `The agent serves ${counted(connections.length, 'connection')} of ${config.issuer} on ${agent.origin}.\n`,
    );
    reload.resolve(async () => {
      try {
        const next = await loadAgentConfig(args, terminal);
        assertSameEndpoint(config, next);
        await agent.reload({ sojourn: createSojournClient(next), connections: next.connections });
        logger.info(
          { event: 'agent.reloaded' },
          `reloaded the configuration: ${counted(next.connections.length, 'connection')}`,
        );
      } catch (error) {
        logReloadFailure(error, logger);
      }
    });
    await stop;
    await reloads();
    await agent.close();
    return 0;
  },
};

const createSojournClient = ({ issuer, sign_in }: AgentConfig) =>
  createSojourn({ issuer, signIn: signInOf(sign_in), fetch: lightFetch });

function assertSameEndpoint(current: AgentConfig, { listen, directory }: AgentConfig): void {
  const hasMoved =
    current.listen.host !== listen.host ||
    current.listen.port !== listen.port ||
    current.directory !== directory;
  if (hasMoved)
    throw new SojournError('config_invalid', {
      detail: 'listen and directory cannot change while the agent runs.',
      advice: 'Restart the agent.',
    });
}

function logReloadFailure(error: unknown, logger: Logger): void {
  const { code, message, advice } =
    error instanceof SojournError ? error : new SojournError('internal', { cause: error });
  logger.error(
    { event: 'agent.reload_refused', code },
    `cannot reload the configuration; keeping the current one: ${message} ${advice}`,
  );
}

const status: CommandSpec = {
  usage: 'status',
  description: 'show what a running agent serves, and how long that lasts without the server',
  notes: ['Exit code: 0 if every connection has its token and credentials, 1 otherwise.'],
  options: [{ flags: '--json', description: 'print JSON' }, configOption],
  examples: ['agent status --config agent.yaml'],
  async run(args, terminal) {
    const { directory } = await loadAgentConfig(args, terminal);
    const answer = JSON.parse(await fetchFromAgent(directory, '/v1/status')) as AgentStatus;
    terminal.out(isSet(args, 'json') ? `${JSON.stringify(answer, null, 2)}\n` : formatStatus(answer));
    return answer.connections.every(({ outage_budget_minutes }) => outage_budget_minutes > 0) ? 0 : 1;
  },
};

function formatStatus({ issuer, server, connections }: AgentStatus): string {
  const error =
    server.error === null ? '' : `: ${printable(server.error)} Next try in ${server.retry_in_seconds} s.`;
  const rows = columns(connections, ['id', 'serves', 'outage_budget_minutes', 'refreshed_at', 'error']);
  return `${issuer} is ${server.available ? 'available' : 'unavailable'}${error}\n\n${rows}`;
}

export const agent: CommandGroup = {
  name: 'agent',
  description: 'run the agent: credentials for the cloud SDKs on this machine',
  commands: [run, status],
};
