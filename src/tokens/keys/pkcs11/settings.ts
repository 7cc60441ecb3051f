/** The configuration keys for PKCS#11 tokens, `keys.pkcs11`. */
import { z } from 'zod';
import { fileField, key, secretSourceField } from '../../../platform/settings/index.ts';

const nullable = (pattern: RegExp, message: string) => z.string().regex(pattern, message).nullable();

export const settings = {
  module: key(
    fileField.nullable(),
    null,
    'The PKCS#11 library of the token, such as `/usr/lib/softhsm/libsofthsm2.so`.',
  ),
  token_label: key(
    nullable(/^[\x20-\x7e]{1,32}$/, 'must be a label of at most 32 characters'),
    null,
    'Label of the token that stores the keys.',
  ),
  pin: key(
    secretSourceField.nullable(),
    null,
    'Source of the user PIN of the token: `file:PATH` or `env:NAME`.',
  ),
} as const;
