/**
 * Explains the errors of STS. The matched texts were recorded from the real service, which gives no more detail; CloudTrail
 * shows even less.
 */
import type { SojournError } from '../../platform/errors/index.ts';
import { type CloudResponse, type Explanation, explainBy } from '../explanation.ts';
import { bucketErrors } from './bucket-errors.ts';
import { policyRefusals } from './policy-refusals.ts';

const invalid = (messageIncludes: string) => ({ code: 'InvalidIdentityToken', messageIncludes });

/** The call for a chained role. */
export const chainStep = 'AssumeRole';

const chained: Omit<Explanation, 'match'> = {
  errorCode: 'cloud_trust_refused',
  detail:
    'The role of role_arn may not assume chained_role_arn, or the trust policy of that role does not admit it with this external id.',
  advice:
    'Allow sts:AssumeRole on chained_role_arn in the permissions of the first role, name the first role in the trust policy of the second one, and compare sts:ExternalId there with target.external_id. Session tags need sts:TagSession in both.',
};

export const explanations: readonly Explanation[] = [
  ...bucketErrors,
  {
    match: { step: 'GetCallerIdentity', status: 403 },
    errorCode: 'cloud_permission_denied',
    detail: 'STS rejects the session that it has just issued.',
    advice: 'Verify again. If it still fails, check clouds.aws.sts_endpoint, which receives both calls.',
  },
  {
    match: { code: 'AccessDenied', messageIncludes: 'Unrecognized OAuth provider' },
    errorCode: 'cloud_token_rejected',
    detail: 'STS treated the token as one of another type of provider.',
  },
  ...['trust policy', 'resource-based policy'].map((messageIncludes) => ({
    match: { step: chainStep, code: 'AccessDenied', messageIncludes },
    ...chained,
  })),
  ...policyRefusals,
  { match: { step: chainStep, code: 'AccessDenied' }, ...chained },
  {
    match: { code: 'AccessDenied' },
    errorCode: 'cloud_trust_refused',
    detail:
      'The role does not exist, does not trust this subject, or does not allow the session tags or source identity.',
    advice:
      'Wait 15 seconds if the role is new. Otherwise apply the set-up file again: the keys of both conditions must contain the whole issuer with its path, sub must match exactly, session_tags need sts:TagSession, and source_identity needs sts:SetSourceIdentity.',
  },
  {
    match: invalid('No OpenIDConnect provider found'),
    errorCode: 'cloud_issuer_unknown',
    detail: 'The account of the role has no OIDC provider for this issuer.',
    advice:
      'Create the provider in the account and partition of role_arn, with exactly this issuer: with a trailing slash or in another case it is another provider.',
  },
  {
    match: invalid('thumbprint'),
    errorCode: 'cloud_issuer_unreachable',
    detail:
      'The TLS certificate of the issuer is not from a public certificate authority, and its thumbprint is not in the OIDC provider.',
    advice:
      'Serve the issuer with a certificate of a public certificate authority and its full chain: then AWS ignores thumbprints. Otherwise set the thumbprint of the top certificate in the OIDC provider, with aws iam update-open-id-connect-provider-thumbprint, before each change of the authority.',
  },
  {
    match: invalid("Couldn't retrieve verification key"),
    isTransient: true,
    errorCode: 'cloud_issuer_unreachable',
    detail: 'STS could not read the discovery document or the JWKS, or did not find the key in it.',
    advice:
      'Check in this order: both documents are public, they answer within 5 seconds, discovery has the three *_supported lists, and the JWKS has the key id of the token (`sojourn doctor`). CloudTrail does not show this error.',
  },
  {
    match: { code: 'IDPCommunicationError' },
    isTransient: true,
    errorCode: 'cloud_issuer_unreachable',
    detail: 'STS could not reach the issuer.',
  },
  {
    match: invalid('could not be validated'),
    errorCode: 'cloud_audience_mismatch',
    detail:
      'The OIDC provider does not list the audience, or the signature does not match the published key.',
    advice:
      'Add the audience of the connection to the client ids of the OIDC provider. If it is listed, compare the JWKS on the internet with the one of this server (`sojourn doctor`).',
  },
  {
    match: invalid('Incorrect token audience'),
    errorCode: 'cloud_audience_mismatch',
    detail: 'The OIDC provider does not list the audience.',
    advice: 'Add the audience of the connection to the client ids of the OIDC provider.',
  },
  {
    match: { code: 'ExpiredToken' },
    errorCode: 'cloud_token_time',
    detail: 'The token had expired according to the clock of STS.',
  },
  {
    match: invalid('Token issued in the future'),
    errorCode: 'cloud_token_time',
    detail: 'The clock of this server is more than five minutes ahead.',
  },
  {
    match: invalid('Token not yet valid'),
    errorCode: 'cloud_token_time',
    detail: 'The clock of this server is more than five minutes ahead.',
  },
  {
    match: invalid('Missing a required claim'),
    errorCode: 'cloud_token_rejected',
    detail: 'The token lacks one of iss, sub, aud, iat and exp.',
  },
  {
    match: invalid('is not a valid JWT'),
    errorCode: 'cloud_token_rejected',
    detail: 'STS could not read the token as a JWS, or its header has crit.',
  },
  {
    match: invalid('Invalid timestamp in token claims'),
    errorCode: 'cloud_token_rejected',
    detail: 'iat, nbf or exp is not an integer.',
  },
  {
    match: invalid('more than one audience'),
    errorCode: 'cloud_token_rejected',
    detail: 'The token has several audiences and no azp.',
  },
  {
    match: invalid('Claim is not allowed to be empty: aud'),
    errorCode: 'cloud_token_rejected',
    detail: 'The token has an empty list of audiences.',
  },
  {
    match: invalid('principal_tags passed in claim is not in correct format'),
    errorCode: 'cloud_token_rejected',
    detail: 'The session tags in the token are not lists of one value each.',
  },
  {
    match: invalid('roles claim is not in a supported format'),
    errorCode: 'cloud_token_rejected',
    detail: 'The roles claim of the token is not a list.',
  },
  {
    match: invalid('roles claim contains no valid role ARNs'),
    errorCode: 'cloud_token_rejected',
    detail: 'STS does not accept role_arn as the ARN of a role.',
    advice: 'Copy role_arn from the role itself; case matters.',
  },
  {
    match: invalid('not present in the roles claim'),
    errorCode: 'cloud_token_rejected',
    detail: 'The token is bound to another role than the requested one.',
  },
  {
    match: invalid('not a Login With Amazon token'),
    errorCode: 'cloud_token_rejected',
    detail: 'STS treated the token as one of another type of provider.',
  },
  {
    match: { code: 'IDPRejectedClaim' },
    errorCode: 'cloud_token_rejected',
    detail: 'STS treated the token as one of another type of provider.',
  },
  {
    match: { code: 'InternalFailure', messageIncludes: 'Unknown error validating third-party token' },
    errorCode: 'cloud_token_rejected',
    detail: 'STS could not process the subject of the token.',
  },
  {
    match: { code: 'InvalidIdentityToken' },
    errorCode: 'cloud_token_rejected',
    detail: 'STS refused the token.',
  },
  {
    match: { code: 'RegionDisabled' },
    errorCode: 'cloud_region_disabled',
    detail: 'STS is not active for this region in the account.',
    advice: 'Activate the region in the account settings of IAM, or set another region in the target.',
  },
  {
    match: { code: 'PackedPolicyTooLarge' },
    errorCode: 'cloud_request_invalid',
    detail: 'session_policy and session_tags are too large together.',
    advice:
      'Shorten target.session_policy or target.session_tags. AWS limits the packed size of both together.',
  },
  {
    match: { code: 'MalformedPolicyDocument' },
    errorCode: 'cloud_request_invalid',
    detail: 'session_policy is not a policy that IAM can read.',
    advice: 'Correct target.session_policy; IAM Access Analyzer can check it.',
  },
  {
    match: { code: 'ValidationError', messageIncludes: 'MaxSessionDuration' },
    errorCode: 'cloud_request_invalid',
    detail: 'duration_seconds exceeds the maximum session duration of the role.',
    advice: 'Lower target.duration_seconds, or raise the maximum session duration of the role.',
  },
  {
    match: { code: 'ValidationError', messageIncludes: '1 hour session limit' },
    errorCode: 'cloud_request_invalid',
    detail: 'A session of a chained role lasts one hour at most.',
    advice: 'Lower target.duration_seconds to 3600.',
  },
  {
    match: { code: 'ValidationError' },
    errorCode: 'cloud_request_invalid',
    detail: 'STS does not accept one of the settings.',
  },
  ...[
    'Throttling',
    'Throttled',
    'RequestLimitExceeded',
    'RequestThrottled',
    'TooManyRequests',
    'LimitExceeded',
  ].map((code) => ({
    match: { code },
    errorCode: 'cloud_throttled' as const,
    detail: 'STS is throttling the account.',
  })),
  ...[
    'RequestTimeout',
    'ServiceUnavailable',
    'InternalError',
    'InternalFailure',
    'PriorRequestNotComplete',
  ].map((code) => ({
    match: { code },
    errorCode: 'cloud_unavailable' as const,
    detail: 'The cloud reports an internal error.',
  })),
];

/** Removes the suffix `Exception`: some codes have it on the wire, others only in the SDK. */
export const explain = (answer: CloudResponse): SojournError =>
  explainBy('AWS', explanations, { ...answer, code: answer.code.replace(/Exception$/, '') });
