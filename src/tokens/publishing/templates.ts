/**
 * Set-up files where the consoles of the clouds can read them. The path is a hash of the content: nobody guesses it who does
 * not have the file, what is there never changes, and replicas need not agree on anything.
 */
import { createHash } from 'node:crypto';
import { clouds, type PublicFile, type SetupFile } from '../../clouds/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import { Place, type PlaceOptions, type PublishPlace } from './place.ts';

const cacheControl = 'public, max-age=31536000, immutable';
/** Paths that are known to be there; then they are put again. */
const mostKept = 10_000;
/** A place that refuses is left alone for so long: a list of files must not wait for it each time. */
const pauseMs = 30_000;

/** Undefined where there is no place, and while it takes nothing; never rejects. */
export function createTemplates(
  options: Omit<PlaceOptions, 'ending'> & { readonly place: PublishPlace | null; readonly logger: Logger },
): (artefact: SetupFile) => Promise<PublicFile | undefined> {
  const { place: where, now, logger } = options;
  if (!where) return async () => undefined;
  const place = new Place(where, { ...options, ending: new AbortController().signal });
  const { bucket } = Object.values(clouds).find((cloud) => cloud.bucket.accepts(where.to)) ?? clouds.aws;
  let tryAgainAt = 0;
  let kept = 0;

  return async ({ name, mediaType, content }) => {
    if (now() < tryAgainAt) return undefined;
    const sha256 = createHash('sha256').update(content).digest('hex');
    const path = `${sha256}/${name}`;
    const headers = { 'content-type': mediaType, 'cache-control': cacheControl, etag: sha256 };
    try {
      const { put } = await place.publish([{ path, document: { body: Buffer.from(content), headers } }]);
      kept += put;
      if (kept >= mostKept) {
        place.forget();
        kept = 0;
      }
    } catch (error) {
      tryAgainAt = now() + pauseMs;
      const refusal = error instanceof SojournError ? error : new SojournError('internal', { cause: error });
      logger.warn({ err: refusal, to: where.to }, 'a set-up file cannot be published; its link is left out');
      return undefined;
    }
    const url = where.public_url ? `${where.public_url}/${path}` : bucket.urlOf(where, path);
    return { url, sha256 };
  };
}
