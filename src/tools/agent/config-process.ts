/**
 * Reads the configuration in a child process. A process keeps the memory to which it once grew, and parsing and
 * validating ten thousand connections takes more than serving them. A worker thread would not help, because its memory
 * stays with the process.
 */
import { type ChildProcess, fork } from 'node:child_process';
import module from 'node:module';
import { dirname, extname, join } from 'node:path';
import { type Fault, SojournError } from '../../platform/errors/index.ts';
import type { AgentConfig, Environment } from '../../server/config/index.ts';

/** The message to the child process, and its answer. */
export interface ConfigRequest {
  readonly file: string | undefined;
  readonly env: Environment;
}
export type ConfigResult =
  | { readonly config: AgentConfig }
  | { readonly detail: string; readonly advice: string; readonly faults: readonly Fault[] };

const program = join(import.meta.dirname, `config-program${extname(import.meta.filename)}`);

/** Rejects with `config_invalid`, as loadAgentConfig does. */
export async function readConfig({ file, env }: ConfigRequest): Promise<AgentConfig> {
  // The child gets no other variables: they may hold secrets.
  const agentVariables = Object.entries(env).filter(([name]) => name.startsWith('SOJOURN_AGENT_'));
  const compileCache = module.getCompileCacheDir();
  const child = fork(program, {
    env: compileCache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(compileCache) },
    execArgv: ['--no-warnings'],
    serialization: 'advanced',
    // Inherited, because the file may be /dev/stdin.
    stdio: ['inherit', 'ignore', 'ignore', 'ipc'],
  });
  child.send({ file, env: Object.fromEntries(agentVariables) } satisfies ConfigRequest, () => undefined);
  const result = await resultOf(child);
  // If the child did not start or crashed, this process reads the file and pays with its memory.
  if (!result) return (await import('../../server/config/index.ts')).loadAgentConfig({ file, env });
  if ('config' in result) return result.config;
  throw new SojournError('config_invalid', result);
}

/** Undefined if the child ends without a message. */
function resultOf(child: ChildProcess): Promise<ConfigResult | undefined> {
  return new Promise((resolve) => {
    child.once('message', (result) => resolve(result as ConfigResult));
    for (const event of ['error', 'exit']) child.once(event, () => resolve(undefined));
  });
}
