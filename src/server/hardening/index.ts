/**
 * The process as the place where private keys lie open. Owns: closing what would carry its memory out of it, before a
 * key is there: inspector, heap snapshots, reports, core dumps. Does not own: the keys. `sojourn serve` calls it first.
 */
import { url as inspectorUrl } from 'node:inspector';
import { SojournError } from '../../platform/errors/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import { disableCoreDumps } from './core-dumps.ts';
import { findLeakingOptions } from './leaking-options.ts';

/**
 * Rejects with `config_invalid` where something is on that shows the memory to others.
 * @param nodeOptions what the variable NODE_OPTIONS holds
 */
export function hardenProcess({
  nodeOptions,
  logger,
}: {
  nodeOptions: string | undefined;
  logger: Logger;
}): void {
  // Without a listener, Node opens the inspector at this signal, also long after the start.
  process.on('SIGUSR1', () => undefined);
  const [found] = findLeakingOptions([...process.execArgv, ...optionsIn(nodeOptions)]);
  if (found) {
    throw new SojournError('config_invalid', {
      detail: `The server does not start with ${found.flag}: ${found.why}, and the private keys are in it.`,
      advice: `Take ${found.flag} out of the command line of node and out of NODE_OPTIONS.`,
    });
  }
  if (inspectorUrl() !== undefined) {
    throw new SojournError('config_invalid', {
      detail:
        'The server does not start with an open inspector: it shows the memory, and the private keys are in it.',
      advice: 'Start it without a debugger.',
    });
  }
  // A preloaded module may have switched them on.
  Object.assign(process.report, {
    reportOnFatalError: false,
    reportOnSignal: false,
    reportOnUncaughtException: false,
    excludeEnv: true,
  });
  disableCoreDumps(logger);
}

/** As Node takes them apart: by blanks, with double quotes around what holds some. */
const optionsIn = (text = ''): string[] =>
  (text.match(/(?:"(?:\\.|[^"\\])*"|[^\s"])+/g) ?? []).map((option) => option.replaceAll('"', ''));
