/** Explains the errors of Google. The matched texts were recorded from the real services. */
import type { SojournError } from '../../platform/errors/index.ts';
import { type CloudResponse, cloudResponseOf, type Explanation, explainBy } from '../explanation.ts';
import { bucketErrors } from './bucket-errors.ts';
import { policyRefusals } from './policy-refusals.ts';

/** The services called: STS, IAM Credentials for service account tokens, and Resource Manager to identify a token. */
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
  ...bucketErrors,
  ...policyRefusals,
  {
    match: { step: steps.identity, status: 401 },
    errorCode: 'cloud_permission_denied',
    detail: 'Resource Manager rejects the token that Google has just issued.',
    advice:
      'Verify again. If it still fails, check that the provider, its pool and the service account are enabled.',
  },
  {
    match: grant('The issuer in ID Token'),
    errorCode: 'cloud_issuer_unknown',
    detail: 'The provider expects another issuer.',
    advice: 'Set exactly this issuer in the provider, including a trailing slash.',
  },
  {
    match: grant('The audience in ID Token'),
    errorCode: 'cloud_audience_mismatch',
    detail: 'The provider expects another audience.',
    advice:
      'Add the audience of the connection to the allowed audiences of the provider, or clear that list: any list replaces the default audience.',
  },
  {
    match: grant('is stale to sign-in'),
    errorCode: 'cloud_token_time',
    detail:
      'The token has expired or was issued in the future according to the clock of Google, which tolerates 60 seconds.',
  },
  {
    match: grant('Unable to verify the ID Token signature'),
    errorCode: 'cloud_key_unknown',
    detail: 'The signature does not match the key that Google has for this key id.',
    advice:
      'Compare the JWKS on the internet, or the one uploaded to the provider, with the one of this server (`sojourn doctor`).',
  },
  {
    match: grant("Error connecting to the given credential's issuer"),
    errorCode: 'cloud_issuer_unreachable',
    detail: 'Google could not read the JWKS, or did not find the key of the token in it.',
    advice:
      'If a JWKS was uploaded to the provider, check it first: it must contain the key of the token, and an invalid JWKS fails only here. Otherwise check from the internet that the issuer answers (`sojourn doctor`).',
  },
  {
    match: {
      step: steps.exchange,
      code: 'unauthorized_client',
      messageIncludes: 'rejected by the attribute condition',
    },
    errorCode: 'cloud_subject_mismatch',
    detail: 'The attribute condition of the provider does not admit this subject.',
    advice: 'Set the attribute condition of the set-up file. The subject must match exactly.',
  },
  {
    match: { step: steps.exchange, messageIncludes: "'google.subject' must be of type STRING" },
    errorCode: 'cloud_trust_refused',
    detail: 'The attribute mapping of the provider results in a subject that is not a string.',
    advice: 'Map google.subject to assertion.sub alone, as in the set-up file.',
  },
  {
    match: request('google.subject exceeds the 127 bytes limit'),
    errorCode: 'cloud_trust_refused',
    detail: 'The attribute mapping of the provider results in a subject of more than 127 bytes.',
    advice: 'Map google.subject to assertion.sub alone, as in the set-up file.',
  },
  ...['mapped attribute', 'attribute mapping', 'could not obtain a value for', 'attribute condition'].map(
    (messageIncludes) => ({
      match: { step: steps.exchange, messageIncludes },
      errorCode: 'cloud_trust_refused' as const,
      detail: 'The provider cannot evaluate its attribute mapping or condition for this token.',
      advice:
        'Map google.subject to assertion.sub alone and set the attribute condition of the set-up file: the tokens have no other claims to map.',
    }),
  ),
  {
    match: request('Invalid value for "audience"'),
    errorCode: 'cloud_target_not_found',
    detail: 'Google does not accept the target as the name of a provider.',
    advice: 'Check target.project_number (the number, not the id), target.pool_id and target.provider_id.',
  },
  {
    match: { step: steps.exchange, code: 'invalid_target' },
    errorCode: 'cloud_target_not_found',
    detail: 'The pool or the provider does not exist, is disabled or was deleted.',
    advice:
      'Check target.project_number, target.pool_id and target.provider_id. A deleted id stays reserved for 30 days: undelete it, or use another one.',
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
    match: account('iam.serviceAccounts.getAccessToken'),
    errorCode: 'cloud_permission_denied',
    detail:
      'The identity was admitted, but may not impersonate the service account, or the account does not exist.',
    advice:
      'Wait 90 seconds if the binding is new. Otherwise grant roles/iam.workloadIdentityUser on target.service_account to the principal of the set-up file, which has the project number and not the project id.',
  },
  ...['has not been used in project', 'it is disabled. Enable it'].map((messageIncludes) => ({
    match: { messageIncludes },
    errorCode: 'cloud_permission_denied' as const,
    detail: 'A required API is not enabled in the project.',
    advice: 'Run: gcloud services enable iamcredentials.googleapis.com sts.googleapis.com iam.googleapis.com',
  })),
  {
    match: account('is disabled'),
    errorCode: 'cloud_permission_denied',
    detail: 'The service account is disabled.',
    advice: 'Ask the customer to enable it: gcloud iam service-accounts enable.',
  },
  {
    match: account('Gaia id not found'),
    errorCode: 'cloud_target_not_found',
    detail: 'The service account does not exist.',
    advice: 'Check target.service_account.',
  },
  ...[grant, request].map((match) => ({
    match: match('JWT'),
    errorCode: 'cloud_token_rejected' as const,
    detail: 'Google could not read the token as a JWT.',
  })),
  ...[grant, request].map((match) => ({
    match: match('ID Token'),
    errorCode: 'cloud_token_rejected' as const,
    detail: 'Google could not verify the token.',
  })),
  {
    match: { step: steps.exchange, code: 'unauthorized_client' },
    errorCode: 'cloud_trust_refused',
    detail: 'The provider does not admit this token.',
    advice: 'Set the attribute mapping and condition of the set-up file.',
  },
  {
    match: { step: steps.impersonation, status: 401 },
    errorCode: 'cloud_permission_denied',
    detail: 'The identity was admitted, but Google no longer accepts its federated token.',
    advice: 'Try again. If it still fails, check that the provider and its pool are still enabled.',
  },
  {
    match: { step: steps.impersonation, status: 404 },
    errorCode: 'cloud_target_not_found',
    detail: 'The service account does not exist.',
    advice: 'Check target.service_account.',
  },
  {
    match: { step: steps.impersonation, status: 403 },
    errorCode: 'cloud_permission_denied',
    detail: 'The identity was admitted, but may not impersonate the service account.',
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

/** Only the customer can change that, by another command than a missing binding needs. */
export const isDisabledAccount = (error: SojournError): boolean => {
  const { step, message = '' } = cloudResponseOf(error);
  return step === steps.impersonation && message.includes('is disabled');
};
