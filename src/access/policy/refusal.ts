/** What a refused caller hears, and what the audit does. Pure. */

import { SojournError } from '../../platform/errors/index.ts';
import { purposesOf } from '../connections/index.ts';
import type { Decision } from './decide.ts';
import type { Place } from './evaluate.ts';

/** `otherwise` is the decision for the same caller without a purpose; `asked` is what it sent. */
export function refusalOf(
  decision: Decision,
  connection: Place,
  asked: string | null | undefined,
  otherwise: Decision,
): SojournError {
  const { because, purposes } = decision;
  if (isClosed(because)) return new SojournError(because);
  if (because === 'purpose_required') {
    const detail = `The connection can be used for ${purposes.join(', ')}; none was named.`;
    return new SojournError('purpose_required', { detail });
  }
  const mayOtherwise =
    otherwise.allowed || otherwise.because === 'purpose_required' || isClosed(otherwise.because);
  const code = typeof asked === 'string' && mayOtherwise ? 'purpose_not_found' : 'connection_not_found';
  const reason = reasonOf(decision, connection, asked);
  return new SojournError(code, reason === undefined ? {} : { cause: new Error(reason) });
}

const isClosed = (because: Decision['because']) =>
  because === 'connection_disabled' || because === 'connection_paused';

function reasonOf(
  { because, rule, guard, unmet }: Decision,
  connection: Place,
  asked: string | null | undefined,
): string | undefined {
  // A name that is not there may be a secret in the wrong place.
  const known = typeof asked === 'string' && purposesOf(connection).includes(asked);
  const use = typeof asked === 'string' ? (known ? ` for ${asked}` : ' for a purpose that is not there') : '';
  if (because === 'guard') return `the guard ${guard} refuses${use}: ${unmet.join(', ')}`;
  if (because === 'when' || because === 'purposes')
    return `rule ${rule?.index} does not admit${use}: ${unmet.join(', ')}`;
  return undefined;
}
