/** Combines publishing and checking: mirrors are checked after each publish, and a drifted one is published again. */

import { every } from '../../platform/time/index.ts';
import type { Keyrings } from '../keys/index.ts';
import type { BucketTarget } from './bucket-writer.ts';
import { createMirrors, type Mirrors } from './mirrors.ts';
import { createPublisher, type Publisher } from './publisher.ts';

type PublisherOptions = Parameters<typeof createPublisher>[0];
type MirrorsOptions = Parameters<typeof createMirrors>[0];

export interface PublishingOptions
  extends Omit<PublisherOptions, 'every' | 'shutdown' | 'onPublished' | 'keyrings'>,
    Omit<MirrorsOptions, 'every' | 'onDrift'> {
  readonly keyrings: Pick<Keyrings, 'refresh' | 'main' | 'onChange'>;
  readonly buckets: readonly BucketTarget[];
  /** Base URLs of all mirrors, including those that the operator fills by other means. */
  readonly mirrors: readonly string[];
  /** Milliseconds, as `checkMirrorsEvery`. */
  readonly republishEvery: number;
  readonly checkMirrorsEvery: number;
}

export function createPublishing(options: PublishingOptions): {
  readonly publisher: Publisher;
  readonly mirrors: Mirrors;
  /** Runs both every `pauseMs` milliseconds until the returned function is called. */
  start(pauseMs: number): () => Promise<void>;
} {
  const shutdown = new AbortController();
  const mirrors = createMirrors({
    ...options,
    every: options.checkMirrorsEvery,
    onDrift: (mirror) => {
      for (const { to, public_url } of options.buckets) if (public_url === mirror) publisher.republish(to);
    },
  });
  const publisher = createPublisher({
    ...options,
    every: options.republishEvery,
    shutdown: shutdown.signal,
    onPublished: () => mirrors.checkSoon(),
  });
  // Every mirror must have a new key before it may sign.
  options.keyrings.onChange(() => publisher.publishSoon());
  return {
    publisher,
    mirrors,
    start(pauseMs) {
      if (options.buckets.length + options.mirrors.length === 0) return async () => undefined;
      const end = every(pauseMs, async () => {
        await publisher.tick();
        await mirrors.tick();
      });
      return () => {
        shutdown.abort();
        return end();
      };
    },
  };
}
