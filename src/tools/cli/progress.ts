/** Progress of long work, on a terminal only. */
import type { Terminal } from './command.ts';

const every = 50_000;

/** Writes the number of lines over the last one. */
export function progressOn(terminal: Terminal): { readonly report: (lines: number) => void; end(): void } {
  const isTerminal = (terminal.stdout as Partial<NodeJS.WriteStream>).isTTY === true;
  let shown = 0;
  return {
    report(lines) {
      if (!isTerminal || lines < shown + every) return;
      shown = lines;
      terminal.err(`\r${lines.toLocaleString('en')} lines`);
    },
    end() {
      if (shown > 0) terminal.err('\r\u001b[K');
    },
  };
}
