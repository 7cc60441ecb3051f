/** The format of a spool file: one line per entry, its CRC-32 and then JSON, so that a damaged or incomplete line is detected. */
import { constants, type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

/** An entry that the store could not take, as it waits in the spool. */
export interface SpooledLine {
  /** Unique. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** If the store has the entry, its sequence number is higher. */
  readonly after: number;
  readonly value: object;
}

/** Files are closed at about this size; the drain reads one at a time. */
export const maxFileBytes = 1_048_576;
/** A larger file is not ours. */
const maxReadBytes = 16 * maxFileBytes;

export function toSpoolText(line: SpooledLine): string {
  const json = JSON.stringify(line);
  return `${checksum(json)} ${json}\n`;
}

/** Rejects with ENOENT if another process has taken the file. */
export async function readSpoolFile(
  path: string,
): Promise<{ lines: readonly SpooledLine[]; damaged: number }> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = await handle.stat();
    if (!stats.isFile() || stats.size > maxReadBytes) return { lines: [], damaged: 1 };
    const texts = (await handle.readFile('utf8')).split('\n');
    // What follows the last newline is an incomplete line.
    if (texts.at(-1) === '') texts.pop();
    const lines = texts.flatMap((text) => parse(text) ?? []);
    return { lines, damaged: texts.length - lines.length };
  } finally {
    await handle.close();
  }
}

function parse(text: string): SpooledLine | undefined {
  const json = text.slice(9);
  return text.slice(0, 9) === `${checksum(json)} ` ? (JSON.parse(json) as SpooledLine) : undefined;
}

const checksum = (json: string): string => crc32(json).toString(16).padStart(8, '0');

/** fsync of the folder: a new or renamed file survives a power failure. */
export async function syncFolder(folder: string): Promise<void> {
  const handle: FileHandle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
