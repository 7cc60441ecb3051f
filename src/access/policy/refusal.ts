/** Turns a refusal into the error for the caller; its cause has the reason for the audit log. Pure. */

import { SojournError } from '../../platform/errors/index.ts';
import { purposesOf } from '../connections/index.ts';
import type { Decision } from './decide.ts';
import type { PolicySubject } from './evaluate.ts';

/** `requestedPurpose` is the caller's parameter; `withoutPurpose` is the decision for the same request without it. */
export function refusalOf(
  decision: Decision,
  connection: PolicySubject,
  requestedPurpose: string | null | undefined,
  withoutPurpose: Decision,
): SojournError {
  const { reason, purposes } = decision;
  if (isConnectionUnavailable(reason)) return new SojournError(reason);
  if (reason === 'purpose_required') {
    const detail = `The client may use the connection for several purposes (${purposes.join(', ')}), and the request names none.`;
    return new SojournError('purpose_required', { detail });
  }
  const mayUseConnection =
    withoutPurpose.allowed ||
    withoutPurpose.reason === 'purpose_required' ||
    isConnectionUnavailable(withoutPurpose.reason);
  const code =
    typeof requestedPurpose === 'string' && mayUseConnection ? 'purpose_not_found' : 'connection_not_found';
  const cause = causeOf(decision, connection, requestedPurpose);
  return new SojournError(code, cause === undefined ? {} : { cause: new Error(cause) });
}

const isConnectionUnavailable = (reason: Decision['reason']) =>
  reason === 'connection_disabled' || reason === 'connection_paused';

function causeOf(
  { reason, rule, guard, unmet_conditions }: Decision,
  connection: PolicySubject,
  purpose: string | null | undefined,
): string | undefined {
  const unmet = unmet_conditions.join(', ');
  const use = typeof purpose === 'string' ? ` for ${nameOf(purpose, connection)}` : '';
  if (reason === 'guard_refused') return `guard ${guard}${use}: ${unmet}`;
  if (reason === 'condition_unmet' || reason === 'purpose_not_allowed')
    return `rule ${rule?.index}${use}: ${unmet}`;
  return undefined;
}

/** Never logs an unknown purpose: the value may be a secret in the wrong parameter. */
const nameOf = (purpose: string, connection: PolicySubject): string =>
  purposesOf(connection).includes(purpose) ? `purpose ${purpose}` : 'an unknown purpose';
