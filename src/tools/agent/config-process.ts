/**
 * The configuration, read by a process of its own. What a process has once grown to it keeps, and to read and check ten
 * thousand connections takes more than to serve them: the parser, the schemas, and what they leave behind. A thread would
 * not help, for its memory stays with the process.
 */
import { type ChildProcess, fork } from 'node:child_process';
import module from 'node:module';
import { dirname, extname, join } from 'node:path';
import { type Fault, SojournError } from '../../platform/errors/index.ts';
import type { AgentConfig, Environment } from '../../server/config/index.ts';

/** From where it is read, which goes there, and what comes back. */
export interface Wish {
  readonly file: string | undefined;
  readonly env: Environment;
}
export type Outcome =
  | { readonly config: AgentConfig }
  | { readonly detail: string; readonly advice: string; readonly faults: readonly Fault[] };

const program = join(import.meta.dirname, `config-program${extname(import.meta.filename)}`);

/** Rejects with `config_invalid`, as the configuration itself does. */
export async function readConfig({ file, env }: Wish): Promise<AgentConfig> {
  // Of the environment nothing else goes along, for it may hold secrets.
  const ours = Object.entries(env).filter(([name]) => name.startsWith('SOJOURN_AGENT_'));
  const compiled = module.getCompileCacheDir();
  const child = fork(program, {
    env: compiled === undefined ? {} : { NODE_COMPILE_CACHE: dirname(compiled) },
    execArgv: ['--no-warnings'],
    serialization: 'advanced',
    // The file may be /dev/stdin.
    stdio: ['inherit', 'ignore', 'ignore', 'ipc'],
  });
  child.send({ file, env: Object.fromEntries(ours) } satisfies Wish, () => undefined);
  const outcome = await answerOf(child);
  // No process could be had, or it did not live: then at the price of its memory.
  if (!outcome) return (await import('../../server/config/index.ts')).loadAgentConfig({ file, env });
  if ('config' in outcome) return outcome.config;
  throw new SojournError('config_invalid', outcome);
}

/** Undefined when it ends without a word. */
function answerOf(child: ChildProcess): Promise<Outcome | undefined> {
  return new Promise((resolve) => {
    child.once('message', (outcome) => resolve(outcome as Outcome));
    for (const end of ['error', 'exit']) child.once(end, () => resolve(undefined));
  });
}
