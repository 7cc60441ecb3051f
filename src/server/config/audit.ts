/** The configuration keys of the audit log. */
import { z } from 'zod';
import { fileField, key } from '../../platform/settings/index.ts';
import { ageField, eventAgesField } from './retention.ts';

export const auditKeys = {
  on_failure: key(
    z.enum(['refuse', 'spool', 'continue'], 'must be refuse, spool or continue'),
    'refuse',
    'What to do with a request whose audit entry the store cannot take: `refuse` it; `spool` the entry to a local file, from which the server appends it later; or `continue` and log an error.',
  ),
  spool: key(
    fileField.nullable(),
    null,
    'Folder for `audit.on_failure: spool`, on a disk that survives a restart. The default is `audit-spool` in `keys.path`.',
  ),
  retention: {
    default: key(
      ageField.nullable(),
      null,
      'The age from which `sojourn audit prune` archives a line and removes its text, such as `400d`. Without it, lines are kept. See docs/audit.md.',
    ),
    events: key(
      eventAgesField,
      {},
      'The age for lines of single events, or `forever`: `{ token.issued: 90d, policy.updated: forever }`.',
    ),
  },
} as const;
