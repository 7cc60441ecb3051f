/** The field for the store. */
import { z } from 'zod';
import { isLoopback } from '../../platform/outbound/index.ts';
import { isPostgres, isPostgresEncrypted, postgresFault } from '../../platform/store/index.ts';

/** The value may contain a password, so no message repeats it. */
export const storeField = z.string().superRefine((text, context) => {
  const refuse = (message: string) => context.addIssue({ code: 'custom', message });
  if (text.startsWith('redis+sentinel://')) return refuse('Sentinel is not supported by this version');
  if (text.startsWith('redis+cluster://'))
    return refuse(
      'cannot be a Redis Cluster: it replicates asynchronously, and a failover loses acknowledged revocations',
    );
  if (isPostgres(text)) {
    const fault = postgresFault(text);
    if (fault !== undefined) refuse(fault);
    return;
  }
  if (/^rediss?:\/\//.test(text)) {
    if (!URL.canParse(text) || !new URL(text).hostname) refuse('must be a URL such as redis://host:6379/0');
    return;
  }
  const [, file] = /^sqlite:([^\0]+)$/.exec(text) ?? [];
  if (file === undefined) return refuse('must be sqlite:FILE, postgres://…, redis://… or rediss://…');
  if (file === ':memory:') refuse('must name a file: a store in memory loses the keys at a restart');
});

/** Whether the state would pass a network without encryption. */
export const isPlain = (store: string): boolean =>
  (store.startsWith('redis:') || (isPostgres(store) && !isPostgresEncrypted(store))) &&
  !isLoopback(new URL(store).hostname);
