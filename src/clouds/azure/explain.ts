/**
 * Explains the errors of Entra. Microsoft changes the codes without notice (learn.microsoft.com/entra/identity-platform/
 * reference-error-codes), so a row is a hint for people; no retry and no other decision depends on it.
 */
import type { SojournError } from '../../platform/errors/index.ts';
import { type CloudResponse, type Explanation, explainBy } from '../explanation.ts';
import { bucketErrors } from './bucket-errors.ts';
import { entraErrors, entraFamilies } from './entra-errors.ts';

const replication =
  'A new credential takes some minutes to propagate and can fail again after a first success.';
const fetching =
  'Check from the internet that discovery and JWKS are public, answer quickly without a challenge or redirect, and send the full certificate chain (`sojourn doctor`).';

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
  ...bucketErrors,
  ...[401, 403].map((status) => ({
    match: { step: 'subscriptions', status },
    errorCode: 'cloud_permission_denied' as const,
    detail: 'Resource Manager rejects the access token.',
    advice:
      'Check target.environment and clouds.azure.resource_manager_endpoint: the token is valid for the Resource Manager of one Azure environment.',
  })),
  hint(
    '700211',
    'cloud_issuer_unknown',
    'No federated credential of the identity has this issuer.',
    `The issuer of the federated credential must match exactly, including a trailing slash. ${replication}`,
  ),
  hint(
    '700212',
    'cloud_audience_mismatch',
    'The federated credential has another audience.',
    'Set the audience of the connection, and no other, in the federated credential. The audience depends on target.environment.',
  ),
  hint(
    '700213',
    'cloud_subject_mismatch',
    'The federated credential has another subject.',
    `The subject of the federated credential must match exactly, including case. ${replication}`,
  ),
  hint(
    '7002138',
    'cloud_subject_mismatch',
    'The subject of the federated credential differs from the one of the token only in case.',
    'Set the subject of the federated credential exactly as in the set-up file; Entra compares case.',
  ),
  hint(
    '7002137',
    'cloud_subject_mismatch',
    'The subject of the federated credential contains a placeholder.',
    'Replace the subject of the federated credential by the subject of the connection, as in the set-up file.',
  ),
  hint(
    '70021',
    'cloud_trust_refused',
    'No federated credential of the identity matches issuer, subject and audience.',
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
    'The application has no federated credential.',
    'Check target.client_id, then deploy the set-up file to that identity.',
  ),
  ...['7002131', '7002241', '700233', '700234', '700235', '700236', '700237'].map((code) =>
    hint(
      code,
      'cloud_trust_refused',
      'The federated credential uses an expression, which Entra supports only for a few known issuers.',
      'Create a federated credential with an exact subject, as in the set-up file.',
    ),
  ),
  hint(
    '7002381',
    'cloud_policy_forbids',
    'A policy of the directory requires an enterprise claim from this issuer.',
    'Ask the customer to allow this issuer in the policy for federated credentials of their directory.',
  ),
  hint(
    '7000272',
    'cloud_key_unknown',
    'Entra has not read the key of the token from the JWKS yet.',
    'Wait: Entra caches keys for 30 minutes or longer, ignores the cache headers, and reads a new issuer as slowly. If it still fails, check the JWKS from the internet (`sojourn doctor`).',
  ),
  hint(
    '7000274',
    'cloud_key_unknown',
    'The signature does not match the key that Entra has for this key id.',
    'Compare the JWKS on the internet with the one of this server (`sojourn doctor`). A key id must never be reused.',
  ),
  hint('5002727', 'cloud_token_rejected', 'The typ in the header of the token is not JWT.'),
  hint(
    '5002738',
    'cloud_token_rejected',
    'Entra accepts only RS256.',
    'Set the algorithm of the connection to RS256.',
  ),
  hint(
    '70023',
    'cloud_token_time',
    'The token has no iat or is valid for more than 25 hours.',
    'Report it as a bug of Sojourn, with the detail.',
  ),
  hint(
    '700024',
    'cloud_token_time',
    'The token has expired or is not valid yet according to the clock of Entra.',
  ),
  hint('90061', 'cloud_issuer_unreachable', 'Entra could not read the issuer.', fetching),
  hint('50166', 'cloud_issuer_unreachable', 'Entra could not read the issuer.', fetching),
  hint('501661', 'cloud_issuer_unreachable', 'Entra could not read the issuer.', fetching),
  hint(
    '700016',
    'cloud_target_not_found',
    'The directory has no application or identity with this client_id.',
    'Check target.tenant_id and target.client_id; an application of another directory first needs the consent of an administrator of this directory.',
  ),
  hint(
    '90002',
    'cloud_target_not_found',
    'This Azure environment has no directory with this tenant_id.',
    'Check target.tenant_id and target.environment.',
  ),
  ...['900439', '900440'].map((code) =>
    hint(
      code,
      'cloud_request_invalid',
      'The directory belongs to another Azure environment.',
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
      'Entra looked for a certificate of the application instead of a federated credential.',
      'Create the federated credential with this issuer on the identity that target.client_id names.',
    ),
  ),
  ...['700222', '700238'].map((code) =>
    hint(code, 'cloud_issuer_unknown', 'Entra takes this issuer for an issuer of Microsoft.'),
  ),
  hint(
    '70011',
    'cloud_request_invalid',
    'Entra does not know the scope.',
    'Correct target.scope. It must be one resource of the directory, followed by /.default.',
  ),
  hint(
    '500011',
    'cloud_request_invalid',
    'The directory does not have the resource named in the scope.',
    'Correct target.scope.',
  ),
  ...['7000215', '7000222'].map((code) =>
    hint(code, 'cloud_answer_unknown', 'Entra rejects a client secret, but none was sent.'),
  ),
  ...entraErrors,
  ...entraFamilies,
];

export const explain = (answer: CloudResponse): SojournError => explainBy('Azure', explanations, answer);
