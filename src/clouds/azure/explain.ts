/**
 * What Entra means. Microsoft changes its numbers without notice (learn.microsoft.com/entra/identity-platform/
 * reference-error-codes), so that a row is a hint for people; nothing is retried or decided by it.
 */
import type { SojournError } from '../../platform/errors/index.ts';
import { type CloudResponse, type Explanation, explainBy } from '../explanation.ts';
import { bucketRefusals } from './bucket-refusals.ts';

const replication = 'A new credential takes some minutes to arrive everywhere, also after a first success.';
const fetching =
  'Check from outside that discovery and JWKS are public, quick, without a challenge or redirect, and with a full certificate chain (`sojourn doctor`).';

const hint = (
  code: string,
  errorCode: Explanation['errorCode'],
  detail: string,
  advice?: string,
): Explanation => ({
  match: { code },
  errorCode,
  detail,
  ...(advice === undefined ? {} : { advice }),
});

export const explanations: readonly Explanation[] = [
  ...bucketRefusals,
  ...[401, 403].map((status) => ({
    match: { step: 'subscriptions', status },
    errorCode: 'cloud_permission_denied' as const,
    detail: 'Resource Manager does not take the access token.',
    advice:
      'Check target.environment and clouds.azure.resource_manager_endpoint: the token is for the Resource Manager of one Azure.',
  })),
  hint(
    '700211',
    'cloud_issuer_unknown',
    'No federated credential of the identity has this issuer.',
    `Compare the issuer of the federated credential to the letter; a slash at the end counts. ${replication}`,
  ),
  hint(
    '700212',
    'cloud_audience_mismatch',
    'The federated credential has another audience.',
    'Set the audience of the connection, and no other, in the federated credential; it differs by target.environment.',
  ),
  hint(
    '700213',
    'cloud_subject_mismatch',
    'The federated credential has another subject.',
    `Compare the subject of the federated credential to the letter; case counts. ${replication}`,
  ),
  hint(
    '70021',
    'cloud_trust_refused',
    'No federated credential of the identity fits issuer, subject and audience.',
    `${replication} Otherwise deploy the set-up file again.`,
  ),
  hint(
    '700263',
    'cloud_trust_refused',
    'Several federated credentials have this subject.',
    'Keep one federated credential for the subject of the connection.',
  ),
  hint(
    '7000226',
    'cloud_trust_refused',
    'The application has no federated credential at all.',
    'Check target.client_id, then deploy the set-up file to that identity.',
  ),
  ...['7002131', '7002241', '700233', '700234', '700235', '700236', '700237'].map((code) =>
    hint(
      code,
      'cloud_trust_refused',
      'The federated credential matches by an expression, which Entra has for a few known issuers only.',
      'Write a federated credential with an exact subject, as in the set-up file.',
    ),
  ),
  hint(
    '7002381',
    'cloud_policy_forbids',
    'A policy of the directory wants an enterprise claim from this issuer.',
    'Ask the customer to allow this issuer in the policy for federated credentials of their directory.',
  ),
  hint(
    '7000272',
    'cloud_key_unknown',
    'Entra has not seen the key of the token in the JWKS yet.',
    'Wait: Entra keeps keys for 30 minutes and longer whatever the headers say, and learns a new issuer as slowly. If it stays so, check the JWKS from outside (`sojourn doctor`).',
  ),
  hint(
    '7000274',
    'cloud_key_unknown',
    'The signature does not fit the key that Entra knows by this key id.',
    'Compare the JWKS that the internet sees with the one of this server (`sojourn doctor`); a key id must never be given twice.',
  ),
  hint('5002727', 'cloud_token_rejected', 'The type in the header of the token is not JWT.'),
  hint(
    '5002738',
    'cloud_token_rejected',
    'Entra takes RS256 only.',
    'Set the algorithm of the connection to RS256.',
  ),
  hint(
    '70023',
    'cloud_token_time',
    'The token has no iat or lives over 25 hours.',
    'Report it as a bug of Sojourn, with the detail.',
  ),
  hint('700024', 'cloud_token_time', 'The token has expired or is not valid yet by the clock of Entra.'),
  hint('90061', 'cloud_issuer_unreachable', 'Entra could not read the issuer.', fetching),
  hint('50166', 'cloud_issuer_unreachable', 'Entra could not read the issuer.', fetching),
  hint('501661', 'cloud_issuer_unreachable', 'Entra could not read the issuer.', fetching),
  hint('50027', 'cloud_token_rejected', 'Entra could not read the token as a JWT.'),
  hint(
    '700016',
    'cloud_target_not_found',
    'The directory has no application or identity with this client_id.',
    'Check target.tenant_id and target.client_id; an application of another directory needs the consent of an administrator of this one first.',
  ),
  hint(
    '90002',
    'cloud_target_not_found',
    'There is no directory with this tenant_id in this Azure.',
    'Check target.tenant_id and target.environment.',
  ),
  ...['900439', '900440'].map((code) =>
    hint(
      code,
      'cloud_request_invalid',
      'The directory belongs to another Azure.',
      'Correct target.environment.',
    ),
  ),
  hint(
    '700025',
    'cloud_request_invalid',
    'The application is set up as a public client.',
    'Ask the customer to switch off "Allow public client flows", or to use a managed identity as in the set-up file.',
  ),
  ...['700027', '50013'].map((code) =>
    hint(
      code,
      'cloud_issuer_unknown',
      'Entra looked for a certificate of the application and not for a federated credential.',
      'Create the federated credential with this issuer on the identity that target.client_id names.',
    ),
  ),
  ...['700222', '700238'].map((code) =>
    hint(code, 'cloud_issuer_unknown', 'Entra takes this issuer for one of its own.'),
  ),
  hint(
    '70011',
    'cloud_request_invalid',
    'Entra does not know the scope.',
    'Correct target.scope: one resource of the directory, followed by /.default.',
  ),
  hint(
    '500011',
    'cloud_request_invalid',
    'The directory does not have the resource that the scope names.',
    'Correct target.scope.',
  ),
  ...['7000215', '7000222'].map((code) =>
    hint(code, 'cloud_answer_unknown', 'Entra speaks of a client secret, and none was sent.'),
  ),
];

export const explain = (answer: CloudResponse): SojournError => explainBy('Azure', explanations, answer);
