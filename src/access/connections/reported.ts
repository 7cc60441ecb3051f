/** Applies a set-up report to a target; error texts are for the customer. Pure. */
import { cloudOf } from '../../clouds/index.ts';
import { invalidRequest } from '../../platform/errors/index.ts';
import type { Connection } from './connection.ts';
import { validatePurposes } from './purposes.ts';
import { merge } from './schema.ts';

/**
 * The target with these fields merged; null removes a field. Throws `invalid_request`, also for a field that only the vendor
 * may set. If a purpose becomes invalid, the error gives only its name and whom to ask, because the content of purposes is
 * the vendor's.
 */
export function reportedTarget(
  connection: Pick<Connection, 'cloud' | 'target' | 'purposes'>,
  fields: Readonly<Record<string, unknown>>,
): Connection['target'] {
  refuseSharedPrincipal(connection, fields);
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

/** A report of one customer must not redirect the principal that all customers share. */
function refuseSharedPrincipal(
  { cloud, target }: Pick<Connection, 'cloud' | 'target'>,
  fields: Readonly<Record<string, unknown>>,
): void {
  const after = { ...target, ...fields };
  const guarded = [target, after].flatMap((one) => cloudOf(cloud).entry(one).sharedPrincipalFields);
  const faults = [...new Set(guarded)]
    .filter((name) => name in fields && !isSame(fields[name], target[name]))
    .map((path) => ({
      path,
      message: 'is set by the vendor. Ask the sender of the invitation to change it',
    }));
  if (faults.length > 0) throw invalidRequest(faults);
}

/** Identifiers such as GUIDs are compared without regard to case. */
const isSame = (reported: unknown, current: unknown): boolean =>
  String(reported ?? '').toLowerCase() === String(current ?? '').toLowerCase();
