import { describe, expect, test } from '@jest/globals';
import { diagnosisOf } from '../../src/clouds/index.ts';
import { clock, explains, type Row } from './explained.ts';

const audienceHelp =
  'Invalid value for "audience". This value should be the full resource name of the Identity Provider. See https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token for the list of possible formats.';
const stsRows: readonly Row[] = [
  [
    400,
    'invalid_grant',
    'The issuer in ID Token https://x/ does not match the expected one in config: https://x.',
    'cloud_issuer_unknown',
    /another issuer/,
    /including a trailing slash/,
  ],
  [
    400,
    'invalid_grant',
    'The issuer in ID Token null does not match the expected one in config: https://x.',
    'cloud_issuer_unknown',
    /another issuer/,
    /including a trailing slash/,
  ],
  [
    400,
    'invalid_grant',
    'The audience in ID Token [https://a] does not match the expected audience.',
    'cloud_audience_mismatch',
    /another audience/,
    /any list replaces the default audience/,
  ],
  [
    400,
    'invalid_grant',
    'The audience in ID Token [https://a] does not match the expected audience vendor.',
    'cloud_audience_mismatch',
    /another audience/,
    /any list replaces the default audience/,
  ],
  [
    400,
    'invalid_grant',
    'ID Token issued at 1795435200 is stale to sign-in.',
    'cloud_token_time',
    /tolerates 60 seconds/,
    clock,
  ],
  [
    400,
    'invalid_grant',
    'ID Token issued at null is stale to sign-in.',
    'cloud_token_time',
    /tolerates 60 seconds/,
    clock,
  ],
  [
    400,
    'invalid_grant',
    'Unable to verify the ID Token signature.',
    'cloud_key_unknown',
    /signature does not match/,
    /uploaded to the provider/,
  ],
  [
    400,
    'invalid_grant',
    "Error connecting to the given credential's issuer.",
    'cloud_issuer_unreachable',
    /did not find the key/,
    /If a JWKS was uploaded to the provider, check it first/,
  ],
  [
    400,
    'unauthorized_client',
    'The given credential is rejected by the attribute condition.',
    'cloud_subject_mismatch',
    /attribute condition/,
    /attribute condition of the set-up file/,
  ],
  [
    400,
    'invalid_request',
    'The size of mapped attribute google.subject exceeds the 127 bytes limit. Either modify your attribute mapping or the incoming assertion to produce a mapped attribute that is less than 127 bytes.',
    'cloud_trust_refused',
    /127 bytes/,
    /Map google\.subject to assertion\.sub/,
  ],
  [
    400,
    'invalid_request',
    audienceHelp,
    'cloud_target_not_found',
    /name of a provider/,
    /the number, not the id/,
  ],
  [
    400,
    'invalid_target',
    'The target service indicated by the "audience" parameters is invalid. This might either be because the pool or provider is disabled or deleted or because it doesn\'t exist.',
    'cloud_target_not_found',
    /disabled or was deleted/,
    /reserved for 30 days/,
  ],
  [400, 'invalid_scope', 'Scope(s) must be provided.', 'cloud_request_invalid', /scopes/, /target\.scopes/],
  [
    429,
    'quota_exceeded',
    'The request was throttled due to rate limit: sts.googleapis.com/requests. Please retry after a few seconds.',
    'cloud_throttled',
    /throttling/,
    /Retry-After/,
  ],
  [500, 'INTERNAL', 'Internal error encountered.', 'cloud_unavailable', /internal error/, /Try again/],
  [
    400,
    'FAILED_PRECONDITION',
    "Org Policy violated for value: 'https://x'",
    'cloud_policy_forbids',
    /policy of the organization/,
    /constraints\/iam\.workloadIdentityPoolProviders/,
  ],
  [
    403,
    'PERMISSION_DENIED',
    'Security Token Service API has not been used in project 1 before or it is disabled.',
    'cloud_permission_denied',
    /not enabled/,
    /gcloud services enable/,
  ],
];
const accountRows: readonly Row[] = [
  [
    403,
    'PERMISSION_DENIED',
    "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",
    'cloud_permission_denied',
    /may not impersonate the service account, or the account does not exist/,
    /Wait 90 seconds .*roles\/iam\.workloadIdentityUser.* project number and not the project id/,
  ],
  [
    403,
    'PERMISSION_DENIED',
    'IAM Service Account Credentials API has not been used in project 1 before or it is disabled.',
    'cloud_permission_denied',
    /not enabled/,
    /gcloud services enable iamcredentials/,
  ],
  [
    403,
    'PERMISSION_DENIED',
    'The caller does not have permission',
    'cloud_permission_denied',
    /may not impersonate the service account/,
    /roles\/iam\.workloadIdentityUser/,
  ],
  [
    404,
    'NOT_FOUND',
    'Unknown service account',
    'cloud_target_not_found',
    /service account does not exist/,
    /target\.service_account/,
  ],
  [
    400,
    'INVALID_ARGUMENT',
    'The access token lifetime cannot exceed 3600s, unless the service account is allowed by an organization policy with the constraint constraints/iam.allowServiceAccountCredentialLifetimeExtension.',
    'cloud_request_invalid',
    /lifetime_seconds exceeds one hour/,
    /Lower target\.lifetime_seconds to 3600/,
  ],
  [
    400,
    'INVALID_ARGUMENT',
    'Request contains an invalid argument.',
    'cloud_request_invalid',
    /scopes or the lifetime/,
    /target\.scopes or target\.lifetime_seconds/,
  ],
  [
    401,
    'UNAUTHENTICATED',
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
    'cloud_permission_denied',
    /federated token/,
    /provider and its pool are still enabled/,
  ],
  [
    429,
    'RESOURCE_EXHAUSTED',
    'Quota exceeded for quota metric',
    'cloud_throttled',
    /throttles requests/,
    /Retry-After/,
  ],
  [
    503,
    'UNAVAILABLE',
    'The service is currently unavailable.',
    'cloud_unavailable',
    /internal error/,
    /Try again/,
  ],
];

const blocked = "Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: Ab1";
const mapped = /Map google\.subject to assertion\.sub alone/;
/** Refusals of policies above the resource, by any of the services. */
const policyRows: readonly Row[] = [
  [
    403,
    'PERMISSION_DENIED',
    blocked,
    'cloud_policy_forbids',
    /service perimeter \(VPC Service Controls\)/,
    /ingress rule .* sts\.googleapis\.com and iamcredentials\.googleapis\.com/,
  ],
  [
    403,
    'PERMISSION_DENIED',
    'Blocked by VPC Service Controls.',
    'cloud_policy_forbids',
    /perimeter/,
    /ingress rule/,
  ],
  [
    403,
    'PERMISSION_DENIED',
    "Request is disallowed by organization's constraints/gcp.restrictServiceUsage constraint for 'projects/1' attempting to use service 'sts.googleapis.com'.",
    'cloud_policy_forbids',
    /policy of the organization/,
    /services sts and iamcredentials/,
  ],
  [
    400,
    'FAILED_PRECONDITION',
    'Constraint constraints/iam.disableServiceAccountCreation violated',
    'cloud_policy_forbids',
    /policy of the organization/,
    /./,
  ],
  [
    403,
    'PERMISSION_DENIED',
    "Permission 'iam.serviceAccounts.getAccessToken' denied by a deny policy",
    'cloud_policy_forbids',
    /deny policy/,
    /except the principal/,
  ],
  [
    403,
    'PERMISSION_DENIED',
    'Operations on resource are denied due to an IAM Principal Access Boundary Policy.',
    'cloud_policy_forbids',
    /boundary/,
    /boundary/,
  ],
];
const siblings: readonly Row[] = [
  [
    400,
    'unauthorized_client',
    "The mapped attribute 'google.subject' must be of type STRING.",
    'cloud_trust_refused',
    /not a string/,
    mapped,
  ],
  [
    400,
    'unauthorized_client',
    "The mapped attribute 'google.groups' must be a list of strings.",
    'cloud_trust_refused',
    /mapping or condition/,
    mapped,
  ],
  [
    400,
    'invalid_grant',
    'Could not obtain a value for google.subject from the given credential. Either modify your attribute mapping or the incoming assertion to produce a value for google.subject.',
    'cloud_trust_refused',
    /mapping or condition/,
    mapped,
  ],
  [400, 'unauthorized_client', 'Something new.', 'cloud_trust_refused', /does not admit/, /set-up file/],
  [400, 'invalid_grant', 'Invalid JWT: cannot be parsed.', 'cloud_token_rejected', /as a JWT/, /Report/],
  [
    400,
    'invalid_grant',
    'The ID Token has something new.',
    'cloud_token_rejected',
    /verify the token/,
    /Report/,
  ],
];
const disabledAccount: Row = [
  403,
  'PERMISSION_DENIED',
  'The service account vendor@p.iam.gserviceaccount.com is disabled.',
  'cloud_permission_denied',
  /service account is disabled/,
  /service-accounts enable/,
];

describe('the explanation table of Google STS', () => {
  explains('gcp', 'sts', [...siblings, ...policyRows]);

  explains('gcp', 'sts', stsRows);
});

describe('the explanation table of Google IAM Credentials', () => {
  explains('gcp', 'iamcredentials', [...accountRows, ...policyRows, disabledAccount]);

  test('does not wait for a policy or a disabled account to propagate, and names the command for each', () => {
    const { explain, propagation, remedy } = diagnosisOf('gcp');
    const target = {
      service_account: 'vendor@p.iam.gserviceaccount.com',
      project_number: '1',
      pool_id: 'p',
      provider_id: 'v',
    };
    const verdicts = [
      blocked,
      disabledAccount[2],
      "Permission 'iam.serviceAccounts.getAccessToken' denied",
    ].map((message) => {
      const error = explain({ status: 403, code: 'PERMISSION_DENIED', message, step: 'iamcredentials' });
      const { condition, fix } = remedy(target, { subject: 's' } as never, error);
      return [propagation.mayExplain(error), condition, fix?.slice(0, 45)];
    });
    expect(verdicts).toEqual([
      [false, 'policy_forbids', undefined],
      [false, 'account_disabled', 'gcloud iam service-accounts enable vendor@p.i'],
      [true, 'binding', 'gcloud iam service-accounts add-iam-policy-bi'],
    ]);
  });
});
