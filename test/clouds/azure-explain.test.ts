import { describe, expect, test } from '@jest/globals';
import { diagnosisOf } from '../../src/clouds/index.ts';
import type { ErrorCode } from '../../src/platform/errors/index.ts';
import { clock, explains, type Row, report } from './explained.ts';

const noRecord = 'No matching federated identity record found for presented assertion';
const checkCredential =
  'Please check your federated identity credential Subject, Audience and Issuer against the presented assertion.';
const slow = /minutes to propagate and can fail again after a first success/;
const fetching =
  /public, answer quickly without a challenge or redirect, and send the full certificate chain/;
const entra = (
  status: number,
  code: number,
  words: string,
  means: ErrorCode,
  detail: RegExp,
  advice: RegExp,
): Row => [
  status,
  String(code),
  `AADSTS${code}: ${words} Trace ID: 1 Correlation ID: 2`,
  means,
  detail,
  advice,
];

const azureRows: readonly Row[] = [
  entra(
    401,
    700211,
    `${noRecord} issuer 'https://x/'. ${checkCredential}`,
    'cloud_issuer_unknown',
    /this issuer/,
    /including a trailing slash.*minutes/,
  ),
  entra(
    401,
    700212,
    `${noRecord} audience 'api://AzureADTokenExchange'. ${checkCredential}`,
    'cloud_audience_mismatch',
    /another audience/,
    /target\.environment/,
  ),
  entra(
    401,
    700213,
    `${noRecord} subject 'con_1'. ${checkCredential}`,
    'cloud_subject_mismatch',
    /another subject/,
    /including case.*minutes/,
  ),
  entra(
    400,
    70021,
    `${noRecord}. Assertion Issuer: 'i'. Assertion Subject: 's'. Assertion Audience: 'a'.`,
    'cloud_trust_refused',
    /matches issuer, subject and audience/,
    slow,
  ),
  entra(
    400,
    7000226,
    'No federated identity credential policy found on application',
    'cloud_trust_refused',
    /has no federated credential/,
    /Check target\.client_id/,
  ),
  ...[7002131, 7002241, 700233, 700234, 700235, 700236, 700237].map((code) =>
    entra(400, code, 'Some words.', 'cloud_trust_refused', /uses an expression/, /exact subject/),
  ),
  entra(400, 700263, 'Some words.', 'cloud_trust_refused', /Several federated credentials/, /Keep one/),
  entra(
    400,
    7002381,
    "FICs issued by 'x' registered in this tenant must contain the enterprise claim",
    'cloud_policy_forbids',
    /policy of the directory/,
    /allow this issuer in the policy/,
  ),
  entra(
    401,
    7000272,
    'The certificate with identifier AB used to sign the federated credential could not be found in the metadata of identity provider https://x.',
    'cloud_key_unknown',
    /not read the key/,
    /30 minutes or longer/,
  ),
  entra(
    401,
    7000274,
    'Client assertion contains an invalid signature.',
    'cloud_key_unknown',
    /signature does not match/,
    /never be reused/,
  ),
  entra(
    400,
    5002727,
    "Invalid JWT header type specified, must be 'JWT' or 'http://openid.net/specs/jwt/1.0'.",
    'cloud_token_rejected',
    /typ in the header/,
    report,
  ),
  entra(
    400,
    5002738,
    "Invalid JWT token. 'ES256' is not a supported signature algorithm. Supported signing algorithms are: 'RS256, HS256'",
    'cloud_token_rejected',
    /accepts only RS256/,
    /Set the algorithm of the connection to RS256/,
  ),
  entra(
    400,
    70023,
    'External OIDC Provider token must have a lifetime of less than or equal to 1.01:00:00. Token issued at 0.',
    'cloud_token_time',
    /no iat or is valid for more than 25 hours/,
    report,
  ),
  entra(
    401,
    700024,
    'Client assertion is not within its valid time range. Current time: x',
    'cloud_token_time',
    /expired or is not valid yet/,
    clock,
  ),
  ...[90061, 50166, 501661].map((code) =>
    entra(
      400,
      code,
      'Request to External OIDC endpoint failed.',
      'cloud_issuer_unreachable',
      /could not read the issuer/,
      fetching,
    ),
  ),
  entra(400, 50027, 'JWT token is invalid or malformed.', 'cloud_token_rejected', /as a JWT/, report),
  entra(
    400,
    700016,
    "Application with identifier 'x' was not found in the directory 'y'.",
    'cloud_target_not_found',
    /no application or identity with this client_id/,
    /target\.tenant_id and target\.client_id; .*consent/,
  ),
  entra(
    400,
    90002,
    "Tenant 'x' not found.",
    'cloud_target_not_found',
    /no directory/,
    /target\.tenant_id and target\.environment/,
  ),
  ...[900439, 900440].map((code) =>
    entra(
      400,
      code,
      'Some words.',
      'cloud_request_invalid',
      /another Azure environment/,
      /target\.environment/,
    ),
  ),
  entra(
    401,
    700025,
    "Client is public so neither 'client_assertion' nor 'client_secret' should be presented",
    'cloud_request_invalid',
    /public client/,
    /Allow public client flows/,
  ),
  ...[700027, 50013].map((code) =>
    entra(
      401,
      code,
      'Client assertion failed signature validation.',
      'cloud_issuer_unknown',
      /looked for a certificate/,
      /Create the federated credential/,
    ),
  ),
  entra(
    400,
    700222,
    'AAD-issued tokens may not be used for federated identity flows.',
    'cloud_issuer_unknown',
    /issuer of Microsoft/,
    /Register the issuer/,
  ),
  entra(400, 700238, 'Some words.', 'cloud_issuer_unknown', /issuer of Microsoft/, /Register the issuer/),
  entra(
    400,
    70011,
    "The provided request must include a 'scope' input parameter.",
    'cloud_request_invalid',
    /does not know the scope/,
    /\/\.default/,
  ),
  entra(
    400,
    500011,
    'The resource principal named x was not found in the tenant',
    'cloud_request_invalid',
    /does not have the resource/,
    /target\.scope/,
  ),
  ...[7000215, 7000222].map((code) =>
    entra(401, code, 'Some words.', 'cloud_answer_unknown', /none was sent/, /detail/),
  ),
];

/** Field cases and their siblings: the code, the words of Entra, and what it means. */
const others: readonly (readonly [number, string, ErrorCode, RegExp])[] = [
  [
    7002138,
    "No matching federated identity record found for presented assertion subject 'con_A'. The subject matches case-insensitively.",
    'cloud_subject_mismatch',
    /only in case/,
  ],
  [7002137, "The subject 'x' contains a placeholder.", 'cloud_subject_mismatch', /placeholder/],
  [7002139, 'Some words.', 'cloud_trust_refused', /federated credential of the identity/],
  [
    53003,
    'Access has been blocked by Conditional Access policies.',
    'cloud_policy_forbids',
    /Conditional Access/,
  ],
  [530032, 'Some words.', 'cloud_policy_forbids', /Conditional Access/],
  [530099, 'Some words.', 'cloud_policy_forbids', /Conditional Access/],
  [530035, 'Access has been blocked by security defaults.', 'cloud_policy_forbids', /security defaults/],
  [500021, "Access to 'x' tenant is denied.", 'cloud_policy_forbids', /network of this server/],
  [500213, 'Some words.', 'cloud_policy_forbids', /cross-tenant access/],
  [50076, 'You must use multi-factor authentication.', 'cloud_policy_forbids', /only a person/],
  [
    501051,
    "Application 'x' is not assigned to a role for the application 'y'.",
    'cloud_permission_denied',
    /assignment/,
  ],
  [65001, 'Some words.', 'cloud_permission_denied', /consented/],
  [7000112, "Application 'x' is disabled.", 'cloud_permission_denied', /disabled/],
  [
    7000229,
    'The client application x is missing service principal in the tenant y.',
    'cloud_target_not_found',
    /service principal/,
  ],
  [650057, 'Invalid resource.', 'cloud_request_invalid', /resource named in the scope/],
  [
    1002012,
    'The provided value for scope x is not valid. Client credential flows must have a scope value with /.default',
    'cloud_request_invalid',
    /scope/,
  ],
  [
    50146,
    'This application is required to be configured with an application-specific signing key.',
    'cloud_request_invalid',
    /signing key of its own/,
  ],
  [
    700021,
    "Client assertion application identifier doesn't match 'client_id' parameter.",
    'cloud_trust_refused',
    /no federated credential has this issuer/,
  ],
  [
    700023,
    'Client assertion audience claim does not match Realm issuer.',
    'cloud_trust_refused',
    /no federated credential has this issuer/,
  ],
  [
    900023,
    'Specified tenant identifier is neither a valid DNS name, nor a valid external domain.',
    'cloud_target_not_found',
    /no directory/,
  ],
  [
    900144,
    'The request body must contain the following parameter.',
    'cloud_request_invalid',
    /request for a token/,
  ],
  [90033, 'A transient error has occurred.', 'cloud_unavailable', /internal error/],
  [90055, 'The client is throttled.', 'cloud_throttled', /throttling the directory/],
  [50196, 'A client request loop has been detected.', 'cloud_throttled', /equal requests/],
  [
    5002730,
    'Invalid JWT token. Unsupported key for the signing algorithm.',
    'cloud_token_rejected',
    /does not accept the token/,
  ],
  // Numbers of no family.
  [
    1234567,
    'The request was blocked by a Conditional Access policy.',
    'cloud_policy_forbids',
    /Conditional Access/,
  ],
  [1234567, 'A transient error has occurred. Please try again.', 'cloud_unavailable', /internal error/],
  [
    1234567,
    'Request to External OIDC endpoint failed.',
    'cloud_issuer_unreachable',
    /could not read the issuer/,
  ],
  [
    1234567,
    'No federated identity credential with that issuer.',
    'cloud_trust_refused',
    /federated credential/,
  ],
  [1234567, 'Some words.', 'cloud_answer_unknown', /refused with status 401/],
];

describe('the explanation table of Entra', () => {
  explains('azure', 'token', azureRows);
  explains(
    'azure',
    'token',
    others.map(([code, words, means, detail]) => entra(401, code, words, means, detail, /./)),
  );

  test('gives no code two rows, and a command to a credential that differs in case', () => {
    const codes = diagnosisOf('azure').explanations.flatMap(({ match: { step, code } }) =>
      step === undefined && code !== undefined ? [code] : [],
    );
    expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);

    const error = diagnosisOf('azure').explain({ status: 401, code: '7002138', message: 'x', step: 'token' });
    const facts = { connection: { id: 'con_1' }, issuer: 'https://x', subject: 'con_1', audience: 'a' };
    const target = { environment: 'public', client_id: '8d6c2f6e-1f0b-4e7e-9d3b-0a1b2c3d4e5f' };
    expect(diagnosisOf('azure').propagation.mayExplain(error)).toBe(false);
    expect(diagnosisOf('azure').remedy(target, facts as never, error)).toMatchObject({
      condition: 'subject',
      fix: expect.stringContaining('az rest --method put'),
    });
  });
});
