/** The form that a client sends to /token, checked before anything else is done with it. */
import { SojournError } from '../errors/index.ts';
import { isNeverTheCallers } from '../policy/index.ts';

const maxParameters = 50;

/** Standard parameters of flows that are not served; taking them in silence would change what they mean. */
const ofOtherFlows = new Set([
  'subject_token',
  'subject_token_type',
  'actor_token',
  'actor_token_type',
  'requested_token_type',
  'assertion',
  'authorization_details',
  'request',
  'request_uri',
  'code',
  'refresh_token',
  'username',
  'password',
  'dpop_jkt',
]);

/**
 * The parameters by name, empty ones counted as absent (RFC 6749 section 3.2). Throws `invalid_request` or
 * `invalid_target` with the name of the parameter that is at fault. Other unknown ones are ignored, as the RFC wants.
 */
export function readParameters(body: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  const pairs = [...new URLSearchParams(body)];
  if (pairs.length > maxParameters) throw refused('The form has too many parameters.');
  for (const [name, value] of pairs) {
    if (value === '') continue;
    if (parameters.has(name)) {
      if (name === 'resource')
        throw new SojournError('invalid_target', { detail: 'Only one resource can be asked for at a time.' });
      throw refused(`The parameter ${shown(name)} is there twice.`);
    }
    if (isNeverTheCallers(name))
      throw refused(
        `The parameter ${shown(name)} is not the caller's to choose.`,
        'Remove it: the connection alone says where it leads and for how long.',
      );
    if (ofOtherFlows.has(name))
      throw refused(`The parameter ${shown(name)} belongs to a flow that is not served here.`);
    parameters.set(name, value);
  }
  if (parameters.has('scope'))
    throw refused(
      'The parameter scope is not used here.',
      'Remove it: the connection says what its credentials are good for.',
    );
  return parameters;
}

function refused(detail: string, advice?: string): SojournError {
  return new SojournError('invalid_request', advice === undefined ? { detail } : { detail, advice });
}

/** A name as it may be shown: it came from outside and could be a misplaced secret. */
const shown = (name: string): string => (/^[a-z_]{1,40}$/.test(name) ? name : '(unreadable name)');
