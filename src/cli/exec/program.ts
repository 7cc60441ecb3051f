/** Another program in the place of this one: its terminal, its signals, its exit code. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Environment } from '../../config/index.ts';
import type { Face } from '../command.ts';

/** A terminal sends these to every process in front of it, so the program has them already. */
const fromTerminal = ['SIGINT', 'SIGQUIT'] as const;
const passedOn = [...fromTerminal, 'SIGTERM', 'SIGHUP', 'SIGUSR2', 'SIGCONT', 'SIGWINCH'] as const;

/** Resolves to the exit code, as a shell has it (POSIX.1-2024, section 2.8.2): 127 and 126 when it cannot be run. */
export function runProgram(
  [name = '', ...args]: readonly string[],
  env: Environment,
  face: Pick<Face, 'err'>,
): Promise<number> {
  return new Promise((resolve) => {
    // Listened to before the program is started: what came in between would end this process and leave that one behind.
    for (const signal of passedOn) process.on(signal, passOn);
    const child = spawn(name, args, { stdio: 'inherit', env: { ...env } });
    function passOn(signal: NodeJS.Signals): void {
      const has = process.stdin.isTTY && (fromTerminal as readonly string[]).includes(signal);
      if (!has) child.kill(signal);
    }
    const end = (code: number) => {
      for (const signal of passedOn) process.removeListener(signal, passOn);
      resolve(code);
    };
    child.once('error', (error: NodeJS.ErrnoException) => {
      face.err(`The program ${name} cannot be run (${error.code}).\n→ Check its name and PATH.\n`);
      end(error.code === 'ENOENT' ? 127 : 126);
    });
    child.once('exit', (code, signal) => end(code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
  });
}
