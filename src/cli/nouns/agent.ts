/** `sojourn agent`: the process beside a workload, and what a running one is asked. */
import { type AgentStatus, askAgent, keepHeapSmall, signInOf, startAgent } from '../../agent/index.ts';
import { type AgentConfig, loadAgentConfig } from '../../config/index.ts';
import { SojournError } from '../../errors/index.ts';
import { keepMemoryIn } from '../../hygiene/index.ts';
import { createLogger, type Logger } from '../../log/index.ts';
import { createSojourn } from '../../sdk/index.ts';
import { systemNow, toSeconds } from '../../time/index.ts';
import { at } from '../admin.ts';
import {
  type CommandSpec,
  type Face,
  flag,
  type Given,
  type Noun,
  type OptionSpec,
  text,
} from '../command.ts';
import { usageError } from '../failure.ts';
import { columns, printable } from '../print.ts';
import { signalled } from './programs.ts';

const configOption: OptionSpec = {
  flags: '--config <file>',
  about: 'the YAML file of the agent (else SOJOURN_AGENT_CONFIG, or variables alone)',
};

function configGiven(given: Given, { env }: Face): Promise<AgentConfig> {
  const file = text(given, 'config') ?? (env.SOJOURN_AGENT_CONFIG || undefined);
  if (!file && !Object.keys(env).some((name) => name.startsWith('SOJOURN_AGENT_')))
    throw usageError('There is no configuration: name its file with --config.');
  return loadAgentConfig({ file, env });
}

const run: CommandSpec = {
  usage: 'run',
  isDefault: true,
  about: 'keep credentials fresh for the SDKs of this machine, until told to stop (SIGTERM, SIGINT)',
  options: [configOption],
  examples: ['agent --config agent.yaml'],
  async run(given, face) {
    keepHeapSmall();
    const config = await configGiven(given, face);
    const logger = createLogger();
    keepMemoryIn({ nodeOptions: face.env.NODE_OPTIONS, logger });
    const stop = signalled();
    const { listen, directory, connections } = config;
    const agent = await startAgent({ sojourn: sojournOf(config), listen, directory, connections, logger });
    face.err(`The agent serves ${connections.length} connections of ${config.issuer} on ${agent.origin}.\n`);
    let reloads = Promise.resolve();
    process.on('SIGHUP', () => {
      reloads = reloads.then(async () => {
        try {
          const next = await configGiven(given, face);
          refuseMove(config, next);
          await agent.reload({ sojourn: sojournOf(next), connections: next.connections });
          logger.info({ event: 'agent.reloaded' }, `${next.connections.length} connections from now on`);
        } catch (error) {
          tellRefusal(error, logger);
        }
      });
    });
    await stop;
    await reloads;
    await agent.close();
    return 0;
  },
};

const sojournOf = ({ issuer, sign_in }: AgentConfig) => createSojourn({ issuer, signIn: signInOf(sign_in) });

function refuseMove(before: AgentConfig, { listen, directory }: AgentConfig): void {
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

function tellRefusal(error: unknown, logger: Logger): void {
  const { code, message, advice } =
    error instanceof SojournError ? error : new SojournError('internal', { cause: error });
  logger.error(
    { event: 'agent.reload_refused', code },
    `the agent goes on with its former configuration: ${message} ${advice}`,
  );
}

const status: CommandSpec = {
  usage: 'status',
  about: 'show what a running agent holds, and how long it would last without the server',
  options: [{ flags: '--json', about: 'print the answer as JSON' }, configOption],
  examples: ['agent status --config agent.yaml'],
  async run(given, face) {
    const answer = JSON.parse(await askAgent(await configGiven(given, face), '/v1/status')) as AgentStatus;
    face.out(flag(given, 'json') ? `${JSON.stringify(answer, null, 2)}\n` : told(answer));
    return answer.connections.every(({ survives_minutes }) => survives_minutes > 0) ? 0 : 1;
  },
};

function told({ issuer, server, connections }: AgentStatus): string {
  const away =
    server.error === null ? '' : `: ${printable(server.error)} Next try in ${server.next_try_seconds} s.`;
  const names = ['id', 'keeps', 'survives_minutes', 'refreshed_at', 'error'];
  return `${issuer} ${server.answers ? 'answers' : 'is away'}${away}\n\n${columns(
    connections.map((one) => ({ ...one })),
    names,
  )}`;
}

const formats = ['aws-process', 'gcp-executable', 'token'] as const;

const get: CommandSpec = {
  usage: 'get <connection>',
  about: 'print what a running agent holds for a connection',
  options: [
    {
      flags: '--format <format>',
      about: 'for credential_process of AWS, for an executable source of Google Cloud, or the token alone',
      choices: formats,
      required: true,
    },
    configOption,
  ],
  examples: [
    'agent get con_01k0… --format aws-process --config agent.yaml',
    'agent get con_01k0… --format gcp-executable --config agent.yaml',
    'agent get con_01k0… --format token --config agent.yaml',
  ],
  async run(given, face) {
    const config = await configGiven(given, face);
    const format = text(given, 'format');
    const id = given.args[0];
    if (format === 'aws-process') {
      face.out(`${processForm(await askAgent(config, at`/v1/credentials/${id}`))}\n`);
      return 0;
    }
    const path = at`/v1/token/${id}`;
    if (format === 'gcp-executable') return executable(askAgent(config, path), face);
    face.out(tokenIn(await askAgent(config, path)).access_token);
    return 0;
  },
};

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html */
function processForm(container: string): string {
  const { AccessKeyId, SecretAccessKey, Token, Expiration } = JSON.parse(container) as Record<string, string>;
  return JSON.stringify({ Version: 1, AccessKeyId, SecretAccessKey, SessionToken: Token, Expiration });
}

const tokenIn = (body: string) => JSON.parse(body) as { access_token: string; expires_in: number };

/** https://google.aip.dev/auth/4117, executable-sourced credentials: a failure is an answer on standard output too. */
async function executable(asked: Promise<string>, face: Face): Promise<number> {
  try {
    const { access_token, expires_in } = tokenIn(await asked);
    face.out(
      `${JSON.stringify({
        version: 1,
        success: true,
        token_type: 'urn:ietf:params:oauth:token-type:jwt',
        id_token: access_token,
        expiration_time: toSeconds(systemNow()) + expires_in,
      })}\n`,
    );
    return 0;
  } catch (error) {
    if (!(error instanceof SojournError)) throw error;
    const { code, message } = error;
    face.out(`${JSON.stringify({ version: 1, success: false, code, message })}\n`);
    return 1;
  }
}

export const agent: Noun = {
  name: 'agent',
  about: 'hand credentials to the SDKs of this machine: container endpoint, token files, Google’s sources',
  commands: [run, status, get],
};
