/** The form that a client sends to /token, checked before anything else happens. */
import { refused as proofRefused } from '../../access/federation/index.ts';
import { fixedByConnection } from '../../access/policy/index.ts';
import { SojournError } from '../../platform/errors/index.ts';

const maxParameters = 50;

/** RFC 7523 section 2.2. */
export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** For a JWT-SVID (draft-ietf-oauth-spiffe-client-auth). */
export const spiffeAssertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe';

/** RFC 8693 sections 2.1 and 3. */
export const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
const tokenType = 'urn:ietf:params:oauth:token-type:';
const subjectTypes = [`${tokenType}jwt`, `${tokenType}id_token`];
export const issuedTypes = [`${tokenType}access_token`, `${tokenType}jwt`] as const;

const ofExchange = new Set(['subject_token', 'subject_token_type', 'requested_token_type']);

export const secretParameter = 'client_secret';
export const assertionParameters = ['client_assertion', 'client_assertion_type'] as const;
const proofs = new Set<string>(assertionParameters);

/** Standard parameters of flows that Sojourn does not serve. Ignoring them could change the meaning of a request. */
const ofOtherFlows = new Set([
  'actor_token',
  'actor_token_type',
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
 * The parameters by name. Empty ones are absent, and unknown ones are ignored (RFC 6749 section 3.2).
 *
 * @throws {SojournError} `invalid_request`, `invalid_target` or `invalid_scope`, which names the parameter
 */
export function readParameters(body: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  const form = new URLSearchParams(body);
  const exchanges = form.has('grant_type', exchangeGrant);
  if (form.size > maxParameters) throw refused('The form has too many parameters.');
  for (const [name, value] of form) {
    if (value === '') continue;
    if (parameters.has(name)) {
      // Every fault of a proof gets the same answer.
      if (proofs.has(name)) throw proofRefused(`the parameter ${name} is given more than once`);
      if (name === 'resource')
        throw new SojournError('invalid_target', {
          detail: 'The parameter resource is given more than once. Request one resource at a time.',
        });
      throw refused(`The parameter ${shown(name)} is given more than once.`);
    }
    if (fixedByConnection.has(name))
      throw refused(`The caller cannot set the parameter ${shown(name)}.`, 'Remove it.');
    if (ofOtherFlows.has(name) || (ofExchange.has(name) && !exchanges))
      throw refused(`The parameter ${shown(name)} belongs to a flow that Sojourn does not support.`);
    if (name === 'purpose')
      throw refused(
        'The parameter purpose is not supported here: a cloud token cannot be narrowed to a purpose.',
        'Fetch a token for urn:sojourn:api and send the purpose to /v1/connections/ID/credentials.',
      );
    parameters.set(name, value);
  }
  if (parameters.has('scope'))
    // There are no scopes, so each is unknown (RFC 6749 section 5.2). Ignoring one could change the meaning of a request.
    throw new SojournError('invalid_scope', {
      detail: 'No scope is known here.',
    });
  if (exchanges) checkExchange(parameters);
  return parameters;
}

function checkExchange(parameters: ReadonlyMap<string, string>): void {
  if (!parameters.has('subject_token')) throw refused('The parameter subject_token is missing.');
  const check = (name: string, served: readonly string[], fallback?: string) => {
    if (!served.includes(parameters.get(name) ?? fallback ?? ''))
      throw refused(`The parameter ${name} must be ${served.join(' or ')}.`);
  };
  check('subject_token_type', subjectTypes);
  check('requested_token_type', issuedTypes, issuedTypes[0]);
}

function refused(detail: string, advice?: string): SojournError {
  return new SojournError('invalid_request', advice === undefined ? { detail } : { detail, advice });
}

/** The name comes from the caller and could be a misplaced secret. */
const shown = (name: string): string => (/^[a-z_]{1,40}$/.test(name) ? name : '(unreadable name)');
