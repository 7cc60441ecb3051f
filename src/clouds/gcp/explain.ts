/** What Google means. Texts as recorded from the real services. */
import type { SojournError } from '../../platform/errors/index.ts';
import { type CloudResponse, type Explanation, explainBy } from '../explanation.ts';
import { bucketRefusals } from './bucket-refusals.ts';

/** The doors: the token service, the one behind it that makes tokens of service accounts, and the one that shows whose they are. */
export const steps = {
  exchange: 'sts',
  impersonation: 'iamcredentials',
  identity: 'resourcemanager',
} as const;

const grant = (messageIncludes: string) => ({ step: steps.exchange, code: 'invalid_grant', messageIncludes });
const request = (messageIncludes: string) => ({
  step: steps.exchange,
  code: 'invalid_request',
  messageIncludes,
});
const account = (messageIncludes: string) => ({ step: steps.impersonation, messageIncludes });

export const explanations: readonly Explanation[] = [
  ...bucketRefusals,
  {
    match: { step: steps.identity, status: 401 },
    errorCode: 'cloud_permission_denied',
    detail: 'Resource Manager does not take the token that Google has just given.',
    advice:
      'Verify once more; if it stays so, check that the provider, its pool and the service account are enabled.',
  },
  {
    match: grant('The issuer in ID Token'),
    errorCode: 'cloud_issuer_unknown',
    detail: 'The provider expects another issuer.',
    advice: 'Set the issuer of the provider to the letter; a slash at the end counts.',
  },
  {
    match: grant('The audience in ID Token'),
    errorCode: 'cloud_audience_mismatch',
    detail: 'The provider expects another audience.',
    advice:
      'Put the audience of the connection into the allowed audiences of the provider, or clear that list: any list switches the default audience off.',
  },
  {
    match: grant('is stale to sign-in'),
    errorCode: 'cloud_token_time',
    detail:
      'The token has expired or comes from the future by the clock of Google, which forgives 60 seconds.',
  },
  {
    match: grant('Unable to verify the ID Token signature'),
    errorCode: 'cloud_key_unknown',
    detail: 'The signature does not fit the key that Google knows by this key id.',
    advice:
      'Compare the JWKS that the internet sees, or that was uploaded to the provider, with the one of this server (`sojourn doctor`).',
  },
  {
    match: grant("Error connecting to the given credential's issuer"),
    errorCode: 'cloud_issuer_unreachable',
    detail: 'Google could not read the JWKS, or did not find the key of the token in it.',
    advice:
      'If a JWKS was uploaded to the provider, check it first: it must hold the key of the token, and a bad one fails only here. Otherwise check from outside that the issuer answers (`sojourn doctor`).',
  },
  {
    match: {
      step: steps.exchange,
      code: 'unauthorized_client',
      messageIncludes: 'rejected by the attribute condition',
    },
    errorCode: 'cloud_subject_mismatch',
    detail: 'The attribute condition of the provider does not admit this subject.',
    advice: 'Set the attribute condition of the set-up file; the subject must be equal to the letter.',
  },
  {
    match: request('google.subject exceeds the 127 bytes limit'),
    errorCode: 'cloud_trust_refused',
    detail: 'The attribute mapping of the provider makes a subject of over 127 bytes.',
    advice: 'Map google.subject to assertion.sub and nothing more, as in the set-up file.',
  },
  {
    match: request('Invalid value for "audience"'),
    errorCode: 'cloud_target_not_found',
    detail: 'Google does not take the target for the name of a provider.',
    advice: 'Check target.project_number (the number, not the id), target.pool_id and target.provider_id.',
  },
  {
    match: { step: steps.exchange, code: 'invalid_target' },
    errorCode: 'cloud_target_not_found',
    detail: 'The pool or the provider does not exist, is disabled or was deleted.',
    advice:
      'Check target.project_number, target.pool_id and target.provider_id. A deleted id stays blocked for 30 days: undelete it, or take another one.',
  },
  {
    match: { step: steps.exchange, code: 'invalid_scope' },
    errorCode: 'cloud_request_invalid',
    detail: 'Google does not know one of the scopes.',
    advice: 'Correct target.scopes.',
  },
  {
    match: { code: 'quota_exceeded' },
    errorCode: 'cloud_throttled',
    detail: 'The token service is throttling.',
  },
  {
    match: { messageIncludes: 'Org Policy violated' },
    errorCode: 'cloud_policy_forbids',
    detail: 'A policy of the organisation forbids it.',
    advice:
      'Ask the customer to allow this issuer in constraints/iam.workloadIdentityPoolProviders, and service account use in their other policies.',
  },
  {
    match: account('allowServiceAccountCredentialLifetimeExtension'),
    errorCode: 'cloud_request_invalid',
    detail:
      'lifetime_seconds is over an hour, and the organisation does not allow that for this service account.',
    advice:
      'Lower target.lifetime_seconds to 3600, or ask the customer to add the account to constraints/iam.allowServiceAccountCredentialLifetimeExtension.',
  },
  {
    match: account('iam.serviceAccounts.getAccessToken'),
    errorCode: 'cloud_permission_denied',
    detail: 'The identity was let in, but may not become the service account, or there is no such account.',
    advice:
      'Wait 90 seconds if the binding is new. Otherwise grant roles/iam.workloadIdentityUser on target.service_account to the principal of the set-up file, which has the number of the project and not its id.',
  },
  {
    match: { messageIncludes: 'has not been used in project' },
    errorCode: 'cloud_permission_denied',
    detail: 'An API that this needs is not enabled in the project.',
    advice: 'Run: gcloud services enable iamcredentials.googleapis.com sts.googleapis.com iam.googleapis.com',
  },
  {
    match: { step: steps.impersonation, status: 401 },
    errorCode: 'cloud_permission_denied',
    detail: 'The identity was let in, but Google does not take its federated token any more.',
    advice: 'Try again; if it stays so, check that the provider and its pool are still enabled.',
  },
  {
    match: { step: steps.impersonation, status: 404 },
    errorCode: 'cloud_target_not_found',
    detail: 'There is no such service account.',
    advice: 'Check target.service_account.',
  },
  {
    match: { step: steps.impersonation, status: 403 },
    errorCode: 'cloud_permission_denied',
    detail: 'The identity was let in, but may not become the service account.',
    advice:
      'Grant roles/iam.workloadIdentityUser on target.service_account to the principal of the set-up file.',
  },
  {
    match: { step: steps.impersonation, status: 400 },
    errorCode: 'cloud_request_invalid',
    detail: 'Google does not accept the scopes or the lifetime.',
    advice: 'Correct target.scopes or target.lifetime_seconds.',
  },
];

export const explain = (answer: CloudResponse): SojournError =>
  explainBy('Google Cloud', explanations, answer);
