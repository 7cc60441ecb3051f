/**
 * Publishes set-up files where the clouds' consoles can read them. The path is a hash of the content: only someone who has
 * the file can guess it, an object never changes, and replicas need no coordination.
 */
import { createHash } from 'node:crypto';
import { objectStoreAt, type PublicFile, type SetupFile } from '../../clouds/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import { type BucketTarget, BucketWriter, type BucketWriterOptions } from './bucket-writer.ts';

const cacheControl = 'public, max-age=31536000, immutable';
/** Limit of the paths remembered as written. Beyond it the writer forgets them and writes them again. */
const maxRemembered = 10_000;
/** Pause after a failed write, so that a list of files does not wait for a failing bucket each time. */
const pauseMs = 30_000;

/** The returned function gives undefined without a bucket and while its writes fail; it never rejects. */
export function createTemplates(
  options: Omit<BucketWriterOptions, 'shutdown'> & {
    readonly bucket: BucketTarget | null;
    readonly logger: Logger;
  },
): (file: SetupFile) => Promise<PublicFile | undefined> {
  const { bucket: target, now, logger } = options;
  if (!target) return async () => undefined;
  const writer = new BucketWriter(target, { ...options, shutdown: new AbortController().signal });
  const store = objectStoreAt(target.to);
  let retryAt = 0;
  let remembered = 0;

  return async ({ name, mediaType, content }) => {
    if (now() < retryAt) return undefined;
    const sha256 = createHash('sha256').update(content).digest('hex');
    const path = `${sha256}/${name}`;
    const headers = { 'content-type': mediaType, 'cache-control': cacheControl, etag: sha256 };
    try {
      const { put } = await writer.publish([{ path, document: { body: Buffer.from(content), headers } }]);
      remembered += put;
      if (remembered >= maxRemembered) {
        writer.forget();
        remembered = 0;
      }
    } catch (error) {
      retryAt = now() + pauseMs;
      const err = error instanceof SojournError ? error : new SojournError('internal', { cause: error });
      logger.warn({ err, bucket: target.to }, 'cannot publish a set-up file; leaving its link out');
      return undefined;
    }
    const url = target.public_url ? `${target.public_url}/${path}` : store?.urlOf(target, path);
    return url === undefined ? undefined : { url, sha256 };
  };
}
