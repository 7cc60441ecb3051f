/** Applies a set-up report to a target; error texts are for the customer. Pure. */
import { invalidRequest } from '../../platform/errors/index.ts';
import type { Connection } from './connection.ts';
import { validatePurposes } from './purposes.ts';
import { merge } from './schema.ts';

/**
 * The target with these fields merged; null removes a field. Throws `invalid_request`. If a purpose becomes invalid, the
 * error gives only its name and whom to ask, because the content of purposes is the vendor's.
 */
export function reportedTarget(
  connection: Pick<Connection, 'cloud' | 'target' | 'purposes'>,
  fields: Readonly<Record<string, unknown>>,
): Connection['target'] {
  const target = merge(connection, fields, '');
  const widened = Object.entries(connection.purposes ?? {}).filter(
    ([name, purpose]) => validatePurposes(connection.cloud, target, { [name]: purpose }).faults.length > 0,
  );
  if (widened.length === 0) return target;
  throw invalidRequest(
    widened.map(([name]) => ({
      path: `purposes.${name}`,
      message:
        'does not match the reported values. Report the values of the expected account, or ask the sender of the invitation to change this purpose',
    })),
  );
}
