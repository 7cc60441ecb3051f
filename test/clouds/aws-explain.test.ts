import { describe, expect, test } from '@jest/globals';
import { diagnosisOf } from '../../src/clouds/index.ts';
import { clock, explains, type Row, report } from './explained.ts';

const refetch =
  "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements";

const thumbprint = "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint";

const awsRows: readonly Row[] = [
  [
    400,
    'InvalidIdentityToken',
    thumbprint,
    'cloud_issuer_unreachable',
    /certificate of the issuer/,
    /update-open-id-connect-provider-thumbprint/,
  ],
  [
    400,
    'ValidationError',
    'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
    'cloud_request_invalid',
    /chained role/,
    /Lower target\.duration_seconds/,
  ],
  ...[
    'RequestLimitExceeded',
    'TooManyRequestsException',
    'RequestThrottledException',
    'LimitExceededException',
  ].map((code): Row => [400, code, 'Slow down.', 'cloud_throttled', /throttling/, /Retry-After/]),
  ...['RequestTimeout', 'RequestTimeoutException', 'ServiceUnavailable', 'InternalError'].map(
    (code): Row => [400, code, 'Some words.', 'cloud_unavailable', /internal error/, /Try again/],
  ),
  ...['iss', 'sub', 'aud', 'iat', 'exp'].map(
    (name): Row => [
      400,
      'InvalidIdentityToken',
      `Missing a required claim: ${name}`,
      'cloud_token_rejected',
      /lacks one of iss, sub, aud, iat and exp/,
      report,
    ],
  ),
  [
    400,
    'InvalidIdentityToken',
    'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
    'cloud_token_rejected',
    /could not read the token as a JWS/,
    report,
  ],
  [
    400,
    'InvalidIdentityToken',
    'Invalid timestamp in token claims.',
    'cloud_token_rejected',
    /is not an integer/,
    report,
  ],
  [
    400,
    'ExpiredTokenException',
    'Token expired: current date/time 1795434900 must be before the expiration date/time 1795434800',
    'cloud_token_time',
    /expired according to the clock of STS/,
    clock,
  ],
  [
    400,
    'InvalidIdentityToken',
    'Token issued in the future: 1795435800',
    'cloud_token_time',
    /five minutes ahead/,
    clock,
  ],
  [
    400,
    'InvalidIdentityToken',
    'Token not yet valid: current date/time 1795435500 must be after or equal to the not-before date/time 1795435800',
    'cloud_token_time',
    /five minutes ahead/,
    clock,
  ],
  [
    400,
    'InvalidIdentityToken',
    'Token audience contains more than one audience while authorized party is not present',
    'cloud_token_rejected',
    /several audiences and no azp/,
    report,
  ],
  [
    400,
    'InvalidIdentityToken',
    'Claim is not allowed to be empty: aud',
    'cloud_token_rejected',
    /empty list of audiences/,
    report,
  ],
  [
    400,
    'InvalidIdentityToken',
    'The web identity token provided could not be validated. See the AssumeRoleWithWebIdentity documentation for requirements.',
    'cloud_audience_mismatch',
    /does not list the audience, or the signature does not match/,
    /Add the audience .* client ids of the OIDC provider.* compare the JWKS/,
  ],
  [
    400,
    'InvalidIdentityToken',
    'Incorrect token audience',
    'cloud_audience_mismatch',
    /does not list the audience/,
    /Add the audience/,
  ],
  [
    400,
    'InvalidIdentityToken',
    refetch,
    'cloud_issuer_unreachable',
    /could not read the discovery document or the JWKS, or did not find the key/,
    /in this order: .* public, .* 5 seconds, .*\*_supported lists, .* key id .* CloudTrail/,
  ],
  [
    400,
    'InvalidIdentityToken',
    'No OpenIDConnect provider found in your account for https://id.vendor.com/t/1/',
    'cloud_issuer_unknown',
    /no OIDC provider for this issuer/,
    /account and partition of role_arn.* trailing slash or in another case/,
  ],
  [
    500,
    'InternalFailure',
    'Unknown error validating third-party token',
    'cloud_token_rejected',
    /subject of the token/,
    report,
  ],
  [
    400,
    'InvalidIdentityToken',
    'principal_tags passed in claim is not in correct format.',
    'cloud_token_rejected',
    /lists of one value/,
    report,
  ],
  [
    400,
    'InvalidIdentityToken',
    'Provided Token is not a Login With Amazon token',
    'cloud_token_rejected',
    /another type of provider/,
    report,
  ],
  [
    403,
    'IDPRejectedClaim',
    'graph.facebook.com rejected OAuth token with response "Bad signature" and code 190',
    'cloud_token_rejected',
    /another type of provider/,
    report,
  ],
  [
    403,
    'AccessDenied',
    'Unrecognized OAuth provider. Do not include a provider parameter when submitting OpenIDConnect ID tokens',
    'cloud_token_rejected',
    /another type of provider/,
    report,
  ],
  [
    403,
    'AccessDenied',
    'Not authorized to perform sts:AssumeRoleWithWebIdentity',
    'cloud_trust_refused',
    /role does not exist, does not trust this subject, or does not allow the session tags or source identity/,
    /Wait 15 seconds .* whole issuer with its path, sub .* sts:TagSession, .* sts:SetSourceIdentity/,
  ],
  [
    403,
    'AccessDenied',
    'User: x is not authorized to perform: sts:AssumeRoleWithWebIdentity with an explicit deny in a service control policy',
    'cloud_policy_forbids',
    /policy above the role/,
    /service and resource control policies/,
  ],
  [
    400,
    'InvalidIdentityToken',
    'The roles claim is not in a supported format',
    'cloud_token_rejected',
    /is not a list/,
    report,
  ],
  [
    400,
    'InvalidIdentityToken',
    'The roles claim contains no valid role ARNs',
    'cloud_token_rejected',
    /role_arn/,
    /case matters/,
  ],
  [
    400,
    'InvalidIdentityToken',
    'The target role ARN is not present in the roles claim of the identity token',
    'cloud_token_rejected',
    /bound to another role/,
    report,
  ],
  [
    400,
    'InvalidIdentityToken',
    'source_identity passed in claim is not in correct format.',
    'cloud_token_rejected',
    /refused the token/,
    report,
  ],
  [
    400,
    'IDPCommunicationError',
    'Error communicating with the identity provider',
    'cloud_issuer_unreachable',
    /could not reach the issuer/,
    /answers within 5 s/,
  ],
  [
    403,
    'RegionDisabledException',
    'STS is not activated in this region for account:111122223333.',
    'cloud_region_disabled',
    /not active for this region/,
    /Activate the region|another region/,
  ],
  [
    400,
    'PackedPolicyTooLarge',
    'Packed policy consumes more than 100% of allotted space, please use smaller policy.',
    'cloud_request_invalid',
    /session_policy and session_tags/,
    /Shorten/,
  ],
  [
    400,
    'MalformedPolicyDocument',
    'Syntax errors in policy.',
    'cloud_request_invalid',
    /session_policy/,
    /Correct target\.session_policy/,
  ],
  [
    400,
    'ValidationError',
    'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    'cloud_request_invalid',
    /duration_seconds/,
    /Lower target\.duration_seconds/,
  ],
  [
    400,
    'ValidationError',
    "1 validation error detected: Value 'a:b' at 'roleSessionName' failed to satisfy constraint",
    'cloud_request_invalid',
    /roleSessionName/,
    /Correct the setting of the target/,
  ],
  [400, 'Throttling', 'Rate exceeded', 'cloud_throttled', /throttling/, /Retry-After/],
  [400, 'ThrottlingException', 'Rate exceeded', 'cloud_throttled', /throttling/, /Retry-After/],
  [
    500,
    'InternalFailure',
    'The request processing has failed.',
    'cloud_unavailable',
    /internal error/,
    /Try again/,
  ],
];

/** The type of the policy, with its article in AWS's texts, the error code, whose policy it is, and what to do. */
const policies: readonly (readonly [string, string, Row[3], RegExp, RegExp])[] = [
  [
    'a',
    'service control policy',
    'cloud_policy_forbids',
    /\(SCP\) of the customer's organization/,
    /service and resource control policies/,
  ],
  [
    'a',
    'resource control policy',
    'cloud_policy_forbids',
    /\(RCP\) of the customer's organization/,
    /service and resource control policies/,
  ],
  [
    'a',
    'VPC endpoint policy',
    'cloud_policy_forbids',
    /network of the server, not to the customer/,
    /policy of the VPC endpoint/,
  ],
  [
    'a',
    'permissions boundary',
    'cloud_policy_forbids',
    /permissions boundary of the role/,
    /Ask the customer/,
  ],
  [
    'a',
    'session policy',
    'cloud_permission_denied',
    /session policy of the connection/,
    /target\.session_policy/,
  ],
  ['an', 'identity-based policy', 'cloud_permission_denied', /permissions of the role/, /without a Deny/],
  ['the', 'role trust policy', 'cloud_trust_refused', /trust policy of the role/, /./],
  ['a', 'resource-based policy', 'cloud_trust_refused', /trust policy of the role/, /./],
  [
    'a',
    'policy of a type to come',
    'cloud_policy_forbids',
    /other than the trust policy/,
    /which policy the message of AWS names/,
  ],
];
const who =
  'User: arn:aws:sts::111122223333:assumed-role/x/y is not authorized to perform: sts:AssumeRoleWithWebIdentity on resource: arn:aws:iam::111122223333:role/vendor';
const policyRows = policies.flatMap(([article, type, code, detail, advice]): Row[] => [
  [
    403,
    'AccessDenied',
    `${who} because no ${type} allows the sts:AssumeRoleWithWebIdentity action`,
    code,
    detail,
    code === 'cloud_trust_refused' ? /set-up file again/ : advice,
  ],
  [
    403,
    'AccessDenied',
    `${who} with an explicit deny in ${article} ${type}`,
    code,
    detail,
    code === 'cloud_trust_refused' ? /whether the restriction is meant/ : advice,
  ],
]);

describe('the explanation table of STS', () => {
  explains('aws', 'AssumeRoleWithWebIdentity', awsRows);
});

describe('the explanation of a refusal that names the type of the policy', () => {
  explains('aws', 'AssumeRoleWithWebIdentity', policyRows);

  test('does not attribute an explicit deny to propagation, and offers no statement against it', () => {
    const { explain, propagation, remedy } = diagnosisOf('aws');
    const facts = {
      connection: { id: 'con_1' },
      issuer: 'https://id.vendor.example',
      subject: 'con_1',
      audience: 'sts.amazonaws.com',
    };
    const target = { role_arn: 'arn:aws:iam::111122223333:role/vendor' };
    const verdicts = ['explicit deny in the role trust policy', 'because no role trust policy allows it'].map(
      (message) => {
        const error = explain({
          status: 403,
          code: 'AccessDenied',
          message,
          step: 'AssumeRoleWithWebIdentity',
        });
        const { condition, fix } = remedy(target, facts as never, error);
        return [propagation.mayExplain(error), condition, fix !== undefined];
      },
    );
    expect(verdicts).toEqual([
      [false, 'trust_deny', false],
      [true, 'trust', true],
    ]);
  });
});

test('the remedy for a thumbprint that does not match sets the one of the top certificate', () => {
  const { explain, remedy } = diagnosisOf('aws');
  const error = explain({
    status: 400,
    code: 'InvalidIdentityToken',
    message: thumbprint,
    step: 'AssumeRoleWithWebIdentity',
  });
  const facts = {
    connection: { id: 'con_1' },
    issuer: 'https://id.vendor.example/t/1',
    subject: 'con_1',
    audience: 'sts.amazonaws.com',
  };
  expect(remedy({ role_arn: 'arn:aws:iam::111122223333:role/vendor' }, facts as never, error)).toEqual({
    condition: 'thumbprint',
    fix: `aws iam update-open-id-connect-provider-thumbprint \\
  --open-id-connect-provider-arn=arn:aws:iam::111122223333:oidc-provider/id.vendor.example/t/1 --thumbprint-list "$(openssl s_client -servername id.vendor.example -connect id.vendor.example:443 -showcerts </dev/null 2>/dev/null | awk '/BEGIN CERT/{c=""}{c=c $0 "\\n"}/END CERT/{top=c}END{printf "%s",top}' | openssl x509 -noout -fingerprint -sha1 | cut -d= -f2 | tr -d :)"`,
  });
});
