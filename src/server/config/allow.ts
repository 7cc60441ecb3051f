/** The keys of `allow`: risks that the operator accepts. */
import { z } from 'zod';
import { key } from '../../platform/settings/index.ts';

export const allowKeys = {
  plain_redis: key(
    z.boolean(),
    false,
    'Accepts `redis://` outside loopback, for a network that encrypts in another way. Otherwise anyone on the path reads and changes the state.',
  ),
  plain_postgres: key(
    z.boolean(),
    false,
    'Accepts `postgres://` without `sslmode=verify-full` outside loopback, for a network that encrypts in another way. Otherwise anyone on the path reads and changes the state.',
  ),
  shared_key_folder: key(z.boolean(), false, 'Accepts a folder `keys.path` in which other users can write.'),
  shared_database: key(
    z.boolean(),
    false,
    'Accepts an SQLite database that other users can read, or a folder of it in which they can write.',
  ),
};
