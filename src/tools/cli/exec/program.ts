/** Another program in the place of this one: its terminal, its signals, its exit code. */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Environment } from '../../../server/config/index.ts';
import type { Terminal } from '../command.ts';

/** A terminal sends these to every process in front of it, so the program has them already. */
const fromTerminal = ['SIGINT', 'SIGQUIT'] as const;
const forwarded = [...fromTerminal, 'SIGTERM', 'SIGHUP', 'SIGUSR2', 'SIGCONT', 'SIGWINCH'] as const;

/** By themselves these end nothing. */
const harmless: readonly NodeJS.Signals[] = ['SIGCONT', 'SIGWINCH'];

export interface SignalRelay {
  /** The exit code of a program that was told to end before it was there, as a shell has it; it is not started then. */
  exitCode(): number | undefined;
  forwardTo(program: ChildProcess): void;
  release(): void;
}

/**
 * From now on signals are the program's. One that comes before there is a program is told to `early`: were nobody listening
 * it would end this process at once, and leave behind what was made for the program.
 */
export function relaySignals(early: () => void): SignalRelay {
  let program: ChildProcess | undefined;
  let first: NodeJS.Signals | undefined;
  const take = (signal: NodeJS.Signals): void => {
    if (program) {
      const has = process.stdin.isTTY && (fromTerminal as readonly string[]).includes(signal);
      if (!has) program.kill(signal);
    } else if (!harmless.includes(signal)) {
      first ??= signal;
      early();
    }
  };
  for (const signal of forwarded) process.on(signal, take);
  return {
    exitCode: () => first && 128 + constants.signals[first],
    forwardTo(started) {
      program = started;
    },
    release() {
      for (const signal of forwarded) process.removeListener(signal, take);
    },
  };
}

/** Resolves to the exit code, as a shell has it (POSIX.1-2024, section 2.8.2): 127 and 126 when it cannot be run. */
export function runProgram(
  [name = '', ...args]: readonly string[],
  env: Environment,
  terminal: Pick<Terminal, 'err'>,
  signals: SignalRelay,
): Promise<number> {
  return new Promise((resolve) => {
    const ended = signals.exitCode();
    if (ended !== undefined) return resolve(ended);
    const child = spawn(name, args, { stdio: 'inherit', env: { ...env } });
    signals.forwardTo(child);
    child.once('error', (error: NodeJS.ErrnoException) => {
      terminal.err(`The program ${name} cannot be run (${error.code}).\n→ Check its name and PATH.\n`);
      resolve(error.code === 'ENOENT' ? 127 : 126);
    });
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
  });
}
