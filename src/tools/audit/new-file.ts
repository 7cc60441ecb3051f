/** Writes a private, compressed file that does not exist yet: completely, or not at all. */
import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { link, open, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { SojournError } from '../../platform/errors/index.ts';

/** @throws {SojournError} `state_unusable` if the file exists; to be called before long work. */
export function requireNew(path: string): void {
  if (existsSync(path)) throw exists(path);
}

/**
 * Resolves to the SHA-256 of the file, in hexadecimal, when the file is on the disk. Removes what it wrote if it fails.
 * @throws {SojournError} `state_unusable` if the file exists or cannot be written.
 */
export async function writeNewFile(path: string, chunks: AsyncIterable<string>): Promise<string> {
  const file = resolve(path);
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  const digest = createHash('sha256');
  try {
    await pipeline(
      Readable.from(chunks),
      createGzip(),
      async function* hashed(compressed: AsyncIterable<Buffer>) {
        for await (const chunk of compressed) {
          digest.update(chunk);
          yield chunk;
        }
      },
      createWriteStream(temporary, { flags: 'wx', mode: 0o600, flush: true }),
    );
    // link, not rename: a rename would replace a file that another process has just created.
    await link(temporary, file);
    const folder = await open(dirname(file), 'r');
    await folder.sync();
    await folder.close();
    return digest.digest('hex');
  } catch (cause) {
    if (cause instanceof SojournError) throw cause;
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw exists(path);
    throw new SojournError('state_unusable', {
      detail: `${path} cannot be written (${code}); the store is unchanged.`,
      advice: 'Check that the folder exists, that you may write to it, and that the disk has space.',
      cause,
    });
  } finally {
    await rm(temporary, { force: true });
  }
}

const exists = (path: string) =>
  new SojournError('state_unusable', {
    detail: `${path} exists, and is not overwritten.`,
    advice: 'Give the name of a new file.',
  });
