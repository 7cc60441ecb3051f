/**
 * Standard output as a destination of log lines that never holds the process: an unread pipe, a full disk or a closed pipe
 * costs lines, which are counted.
 */
import { fstatSync, writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';
import { sleep, systemNow, toTimestamp } from '../time/index.ts';

export interface LogSink extends DestinationStream {
  /** How many lines were dropped since the start. */
  dropped(): number;
  /** Waits a moment for the lines to be written. Resolves to false if a reader does not take them: then nothing else ends the process. */
  close(): Promise<boolean>;
}

/** About 500 lines; Linux's pipes hold 64 KiB more. */
const maxBufferedBytes = 256 * 1024;
const closeMs = 500;
const pollMs = 10;

export function createLogSink(): LogSink {
  let dropped = 0;
  let unreported = 0;
  /** Whether the last line in the file has no end: the disk was full in the middle of it. */
  let isTorn = false;
  const { stdout, stderr } = process;
  const drop = (): void => {
    dropped += 1;
    unreported += 1;
  };
  const report = (): string =>
    `{"level":"warn","time":"${toTimestamp(systemNow())}","dropped":${unreported},"msg":"log lines were dropped, because standard output did not take them"}\n`;

  function writeFile(line: string): void {
    const bytes = Buffer.from(`${isTorn ? '\n' : ''}${unreported > 0 ? report() : ''}${line}`);
    try {
      isTorn = writeSync(1, bytes) < bytes.length;
      if (isTorn) drop();
      else unreported = 0;
    } catch {
      drop();
    }
  }

  const reportToStream = (): void => {
    if (unreported === 0) return;
    stdout.write(report());
    unreported = 0;
  };
  const dropFailed = (error?: Error | null): void => {
    if (error) drop();
  };
  function writeStream(line: string): void {
    if (stdout.writableLength > maxBufferedBytes) {
      drop();
      return;
    }
    reportToStream();
    stdout.write(line, dropFailed);
  }

  // Node writes to a file at once, as this does, but an error ends its stream.
  const isFile = !stdout.isTTY && !isPipe(1);
  if (!isFile) {
    stdout.on('drain', reportToStream);
    // A closed pipe ends a command, but not a server.
    stdout.removeAllListeners('error').on('error', () => {});
  }
  const isWritten = () => stdout.writableLength === 0 && stderr.writableLength === 0;
  return {
    write: isFile ? writeFile : writeStream,
    dropped: () => dropped,
    async close() {
      for (let waited = 0; waited < closeMs && !isWritten(); waited += pollMs) await sleep(pollMs);
      return isWritten();
    },
  };
}

function isPipe(descriptor: number): boolean {
  try {
    const stats = fstatSync(descriptor);
    return stats.isFIFO() || stats.isSocket();
  } catch {
    // Closed: writing fails, and the lines are counted.
    return false;
  }
}
