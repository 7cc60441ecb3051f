/** Publishing and comparing, joined: what was just put is compared, and what is found altered is put again. */

import { every } from '../../platform/time/index.ts';
import type { Keyrings } from '../keys/index.ts';
import { type Copies, createCopies } from './copies.ts';
import type { PublishPlace } from './place.ts';
import { createPublication, type Publication } from './publication.ts';

type PublicationOptions = Parameters<typeof createPublication>[0];
type CopiesOptions = Parameters<typeof createCopies>[0];

export interface PublishingOptions
  extends Omit<PublicationOptions, 'every' | 'ending' | 'published' | 'keyrings'>,
    Omit<CopiesOptions, 'every' | 'differs'> {
  readonly keyrings: Pick<Keyrings, 'refresh' | 'main' | 'onChange'>;
  readonly places: readonly PublishPlace[];
  /** Base URLs where copies can be read, whoever puts them there. */
  readonly copies: readonly string[];
  /** Milliseconds, as `compareEvery`. */
  readonly publishEvery: number;
  readonly compareEvery: number;
}

export function createPublishing(options: PublishingOptions): {
  readonly publication: Publication;
  readonly copies: Copies;
  /** Begins to give both their turns, with pauses of that many milliseconds; what is returned ends them. */
  start(pauseMs: number): () => Promise<void>;
} {
  const ending = new AbortController();
  const copies = createCopies({
    ...options,
    every: options.compareEvery,
    differs: (copy) => {
      for (const { to, public_url } of options.places) if (public_url === copy) publication.heal(to);
    },
  });
  const publication = createPublication({
    ...options,
    every: options.publishEvery,
    ending: ending.signal,
    published: () => copies.wake(),
  });
  // A new key has to be in every copy before it may sign.
  options.keyrings.onChange(() => publication.wake());
  return {
    publication,
    copies,
    start(pauseMs) {
      if (options.places.length + options.copies.length === 0) return async () => undefined;
      const end = every(pauseMs, async () => {
        await publication.turn();
        await copies.turn();
      });
      return () => {
        ending.abort();
        return end();
      };
    },
  };
}
