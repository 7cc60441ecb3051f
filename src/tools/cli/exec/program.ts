/** Runs the child program with this process's terminal, signals and exit code. */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Environment } from '../../../server/config/index.ts';
import type { Terminal } from '../command.ts';

/** A terminal sends these to its whole foreground process group, so the child receives them without our help. */
const fromTerminal = ['SIGINT', 'SIGQUIT'] as const;
const forwarded = [...fromTerminal, 'SIGTERM', 'SIGHUP', 'SIGUSR2', 'SIGCONT', 'SIGWINCH'] as const;

/** Signals whose default action does not end a process. */
const harmless: readonly NodeJS.Signals[] = ['SIGCONT', 'SIGWINCH'];

export interface SignalRelay {
  /** If a signal arrived before the child started: the exit code that a shell would report. The child is then not started. */
  exitCode(): number | undefined;
  forwardTo(program: ChildProcess): void;
  release(): void;
}

/**
 * Forwards signals to the child program. Calls `onEarlySignal` for a signal that arrives before the child starts: without a
 * listener it would end this process at once and leave temporary files behind.
 */
export function relaySignals(onEarlySignal: () => void): SignalRelay {
  let program: ChildProcess | undefined;
  let first: NodeJS.Signals | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (program) {
      const isDelivered = process.stdin.isTTY && (fromTerminal as readonly string[]).includes(signal);
      if (!isDelivered) program.kill(signal);
    } else if (!harmless.includes(signal)) {
      first ??= signal;
      onEarlySignal();
    }
  };
  for (const signal of forwarded) process.on(signal, onSignal);
  return {
    exitCode: () => first && 128 + constants.signals[first],
    forwardTo(started) {
      program = started;
    },
    release() {
      for (const signal of forwarded) process.removeListener(signal, onSignal);
    },
  };
}

/** Resolves to the exit code that a shell reports (POSIX.1-2024, section 2.8.2): 127 or 126 if the program cannot run. */
export function runProgram(
  [name = '', ...args]: readonly string[],
  env: Environment,
  terminal: Pick<Terminal, 'err'>,
  signals: SignalRelay,
): Promise<number> {
  return new Promise((resolve) => {
    const earlyExit = signals.exitCode();
    if (earlyExit !== undefined) return resolve(earlyExit);
    const child = spawn(name, args, { stdio: 'inherit', env: { ...env } });
    signals.forwardTo(child);
    child.once('error', (error: NodeJS.ErrnoException) => {
      terminal.err(`Cannot run the program ${name} (${error.code}).\n→ Check its name and PATH.\n`);
      resolve(error.code === 'ENOENT' ? 127 : 126);
    });
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
  });
}
