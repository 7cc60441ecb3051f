/** `sojourn agent`: the process beside a workload, and what a running one is asked. */
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
import { columns, printable } from '../print.ts';
import { onHangup, stopSignal } from '../signals.ts';

const configOption: OptionSpec = {
  flags: '--config <file>',
  description: 'the YAML file of the agent (else SOJOURN_AGENT_CONFIG, or variables alone)',
};

function loadAgentConfig(args: ParsedArguments, { env }: Terminal): Promise<AgentConfig> {
  const file = text(args, 'config') ?? (env.SOJOURN_AGENT_CONFIG || undefined);
  if (!file && !Object.keys(env).some((name) => name.startsWith('SOJOURN_AGENT_')))
    throw usageError('There is no configuration: name its file with --config.');
  return readConfig({ file, env });
}

const run: CommandSpec = {
  usage: 'run',
  isDefault: true,
  description: 'keep credentials fresh for the SDKs of this machine, until told to stop (SIGTERM, SIGINT)',
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
    // Also for a next start after a kill: to strip the types anew takes 20 MB that nothing gives back.
    flushCompileCache();
    terminal.err(
      `The agent serves ${connections.length} connections of ${config.issuer} on ${agent.origin}.\n`,
    );
    reload.resolve(async () => {
      try {
        const next = await loadAgentConfig(args, terminal);
        assertSameEndpoint(config, next);
        await agent.reload({ sojourn: createSojournClient(next), connections: next.connections });
        logger.info({ event: 'agent.reloaded' }, `${next.connections.length} connections from now on`);
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

function assertSameEndpoint(before: AgentConfig, { listen, directory }: AgentConfig): void {
  const hasMoved =
    before.listen.host !== listen.host ||
    before.listen.port !== listen.port ||
    before.directory !== directory;
  if (hasMoved)
    throw new SojournError('config_invalid', {
      detail: 'listen and directory cannot change while the agent runs.',
      advice: 'Start it again.',
    });
}

function logReloadFailure(error: unknown, logger: Logger): void {
  const { code, message, advice } =
    error instanceof SojournError ? error : new SojournError('internal', { cause: error });
  logger.error(
    { event: 'agent.reload_refused', code },
    `the agent goes on with its former configuration: ${message} ${advice}`,
  );
}

const status: CommandSpec = {
  usage: 'status',
  description: 'show what a running agent holds, and how long it would last without the server',
  options: [{ flags: '--json', description: 'print the answer as JSON' }, configOption],
  examples: ['agent status --config agent.yaml'],
  async run(args, terminal) {
    const { directory } = await loadAgentConfig(args, terminal);
    const answer = JSON.parse(await fetchFromAgent(directory, '/v1/status')) as AgentStatus;
    terminal.out(isSet(args, 'json') ? `${JSON.stringify(answer, null, 2)}\n` : formatStatus(answer));
    return answer.connections.every(({ outage_budget_minutes }) => outage_budget_minutes > 0) ? 0 : 1;
  },
};

function formatStatus({ issuer, server, connections }: AgentStatus): string {
  const away =
    server.error === null ? '' : `: ${printable(server.error)} Next try in ${server.retry_in_seconds} s.`;
  const names = ['id', 'serves', 'outage_budget_minutes', 'refreshed_at', 'error'];
  return `${issuer} ${server.available ? 'answers' : 'is away'}${away}\n\n${columns(
    connections.map((one) => ({ ...one })),
    names,
  )}`;
}

export const agent: CommandGroup = {
  name: 'agent',
  description:
    'hand credentials to the SDKs of this machine: container endpoint, token files, Google’s sources',
  commands: [run, status],
};
