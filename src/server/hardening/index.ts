/**
 * Process hardening: no inspector, heap snapshot, diagnostic report or core dump can expose the private keys in memory.
 * Owns: disabling them before the first key is loaded. Does not own: the keys. `sojourn serve` calls it first.
 */
import { url as inspectorUrl } from 'node:inspector';
import { SojournError } from '../../platform/errors/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import { disableCoreDumps } from './core-dumps.ts';
import { findLeakingOptions } from './leaking-options.ts';

/**
 * Throws `config_invalid` if an option that exposes the memory is on.
 * @param nodeOptions the value of NODE_OPTIONS
 */
export function hardenProcess({
  nodeOptions,
  logger,
}: {
  nodeOptions: string | undefined;
  logger: Logger;
}): void {
  // Without a handler, Node opens the inspector on this signal at any time.
  process.on('SIGUSR1', () => undefined);
  const [option] = findLeakingOptions([...process.execArgv, ...optionsIn(nodeOptions)]);
  if (option) {
    throw new SojournError('config_invalid', {
      detail: `The server does not start with ${option.flag}: ${option.why}, and the private keys are in memory.`,
      advice: `Remove ${option.flag} from the command line of node and from NODE_OPTIONS.`,
    });
  }
  if (inspectorUrl() !== undefined) {
    throw new SojournError('config_invalid', {
      detail:
        'The server does not start with an open inspector: it exposes the memory, which contains the private keys.',
      advice: 'Start it without a debugger.',
    });
  }
  // A preloaded module may have switched diagnostic reports on.
  Object.assign(process.report, {
    reportOnFatalError: false,
    reportOnSignal: false,
    reportOnUncaughtException: false,
    excludeEnv: true,
  });
  disableCoreDumps(logger);
}

/** Splits as Node does: at spaces, except within double quotes. */
const optionsIn = (text = ''): string[] =>
  (text.match(/(?:"(?:\\.|[^"\\])*"|[^\s"])+/g) ?? []).map((option) => option.replaceAll('"', ''));
