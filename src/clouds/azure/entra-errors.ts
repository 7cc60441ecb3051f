/**
 * Codes of Entra beside those of the federated credential itself (learn.microsoft.com/entra/identity-platform/
 * reference-error-codes), and the families and texts of codes that are not listed.
 */
import type { Explanation } from '../explanation.ts';

type Meaning = Omit<Explanation, 'match'>;

const forbids = (detail: string, advice: string): Meaning => ({
  errorCode: 'cloud_policy_forbids',
  detail,
  advice,
});
const invalid = (detail: string, advice: string): Meaning => ({
  errorCode: 'cloud_request_invalid',
  detail,
  advice,
});

const conditionalAccess = forbids(
  'A Conditional Access policy of the directory blocks the identity.',
  'Ask the customer to exclude the workload identity from the policy, or to allow the public addresses of this server as a named location: sign-in logs, service principal sign-ins, tab Conditional Access.',
);
const securityDefaults = forbids(
  'The security defaults of the directory block the request.',
  'Ask the customer to look at the service principal sign-ins of the directory, and to replace the security defaults by Conditional Access policies that admit the identity.',
);
const userPolicy = forbids(
  'A policy of the directory requires a step that only a person can take.',
  'Ask the customer to exclude the identity from the Conditional Access policies that require multifactor authentication or a device.',
);
const tenantRestriction = forbids(
  "A proxy in the network of this server adds tenant restrictions, and the customer's directory is not in its list.",
  'Add the directory to Restrict-Access-To-Tenants in your proxy, or exempt this server from it.',
);
const crossTenant = forbids(
  'A cross-tenant access policy does not allow the application.',
  'Ask the administrators of both directories to allow the application: outbound in the directory of the vendor, inbound in the directory of the customer.',
);
const notAssigned: Meaning = {
  errorCode: 'cloud_permission_denied',
  detail: 'The resource requires an assignment, and the identity has no role of it.',
  advice:
    'Assign an application role of the resource to the identity, or switch off "Assignment required" of the enterprise application of the resource.',
};
const noConsent: Meaning = {
  errorCode: 'cloud_permission_denied',
  detail: 'The directory has not consented to the permissions that the application requests.',
  advice: 'Ask an administrator of the directory for consent, with the link of the set-up.',
};
const disabled: Meaning = {
  errorCode: 'cloud_permission_denied',
  detail: 'The application or its service principal is disabled in the directory.',
  advice: 'Ask the customer to enable sign-in for the enterprise application.',
};
const noApplication: Meaning = {
  errorCode: 'cloud_target_not_found',
  detail: 'The directory has no service principal of the application.',
  advice:
    'Check target.tenant_id and target.client_id; an application of another directory first needs the consent of an administrator of this directory.',
};
const noDirectory: Meaning = {
  errorCode: 'cloud_target_not_found',
  detail: 'Entra finds no directory for target.tenant_id.',
  advice: 'Check target.tenant_id and target.environment.',
};
const scope = invalid(
  'Entra does not accept the scope for this directory and application.',
  'Correct target.scope. It must be one resource of the directory, followed by /.default.',
);
const resourceUnavailable = invalid(
  'The directory does not offer the resource named in the scope.',
  'Correct target.scope, or ask the customer to enable the service in their directory.',
);
const signingKey = invalid(
  'The application that target.scope names, or its token configuration, needs a signing key of its own.',
  'Ask its owner to remove the custom claims mapping, or to configure a valid signing key.',
);
const malformed = invalid(
  'Entra does not accept the request for a token.',
  'Check target.tenant_id, target.client_id and target.scope; if they are right, report it as a bug of Sojourn, with the detail.',
);
const ownAssertion: Meaning = {
  errorCode: 'cloud_trust_refused',
  detail:
    'Entra took the token for an assertion that the application signed itself: no federated credential has this issuer.',
  advice: 'Create the federated credential of the set-up file on the identity that target.client_id names.',
};
/** "Invalid JWT token", with the reason in the text. */
const invalidToken: Meaning = {
  errorCode: 'cloud_token_rejected',
  detail: 'Entra does not accept the token as a JWT.',
};
const badSignature: Meaning = {
  errorCode: 'cloud_key_unknown',
  detail: 'Entra could not verify the signature of the token with the keys that it has.',
  advice: 'Compare the JWKS on the internet with the one of this server (`sojourn doctor`).',
};
const tokenTime: Meaning = {
  errorCode: 'cloud_token_time',
  detail: 'The token has expired or is not valid yet according to the clock of Entra.',
};
const unavailable: Meaning = {
  errorCode: 'cloud_unavailable',
  detail: 'The cloud reports an internal error.',
};
const throttled: Meaning = { errorCode: 'cloud_throttled', detail: 'Entra is throttling the directory.' };
const unmatched: Meaning = {
  errorCode: 'cloud_trust_refused',
  detail: 'Entra does not accept the token for a federated credential of the identity.',
  advice: 'Compare issuer, subject and audience of the federated credential with the set-up file.',
};
const unreachable: Meaning = {
  errorCode: 'cloud_issuer_unreachable',
  detail: 'Entra could not read the issuer.',
};

const codes: readonly (readonly [Meaning, readonly string[]])[] = [
  [
    conditionalAccess,
    ['53003', '53000', '53001', '53002', '530032', '530036', '50005', '50131', '50097', '53004', '53011'],
  ],
  [securityDefaults, ['530035']],
  [userPolicy, ['50072', '50074', '50076', '50078', '50079', '50158']],
  [tenantRestriction, ['50002', '500021', '500022']],
  [crossTenant, ['500212', '500213']],
  [notAssigned, ['50105', '501051']],
  [noConsent, ['65001', '65005', '650056', '90094', '90099', '900941', '900971']],
  [disabled, ['7000112', '500014', '50057']],
  [noApplication, ['70001', '700011', '7000229', '650052']],
  [noDirectory, ['50059', '50128', '50020', '900021', '900023', '90019']],
  [scope, ['1002012', '28002', '28003', '650053']],
  [resourceUnavailable, ['650057', '650054', '50001']],
  [signingKey, ['50146', '501461', '50003']],
  [
    malformed,
    [
      '900144',
      '900561',
      '9002313',
      '90013',
      '90014',
      '90023',
      '70003',
      '7000218',
      '7000216',
      '50194',
      '50049',
      '900382',
    ],
  ],
  [ownAssertion, ['700021', '700022', '700023', '700026', '700028', '700030', '50012', '50048', '70002']],
  [badSignature, ['50006', '50099', '5000811', '900384']],
  [tokenTime, ['500133']],
  [
    unavailable,
    [
      '50000',
      '50033',
      '50087',
      '70012',
      '90006',
      '90012',
      '90024',
      '90033',
      '90036',
      'temporarily_unavailable',
    ],
  ],
  [throttled, ['90055', '900551']],
];

/** Families of numbers. */
const prefixes: readonly (readonly [Meaning, string])[] = [
  [conditionalAccess, '530'],
  [noConsent, '650'],
  [unmatched, '7002'],
  [ownAssertion, '7000'],
  [invalidToken, '50027'],
];

/** Parts of the text, for numbers that no family has. */
const texts: readonly (readonly [Meaning, readonly string[]])[] = [
  [conditionalAccess, ['conditional access', 'access policies', 'access policy']],
  [securityDefaults, ['security defaults']],
  [tenantRestriction, ['tenant restriction']],
  [userPolicy, ['multi-factor', 'multifactor']],
  [unreachable, ['external oidc endpoint']],
  [unmatched, ['federated identity', 'federated credential', 'presented assertion']],
  [ownAssertion, ['client assertion']],
  [notAssigned, ['not assigned to a role']],
  [noConsent, ['consent']],
  [disabled, ['is disabled']],
  [noApplication, ['was not found in the directory', 'missing service principal']],
  [unavailable, ['transient error', 'temporarily unavailable']],
  [throttled, ['throttled', 'too many requests']],
  [resourceUnavailable, ['resource principal', 'invalid resource']],
  [scope, ['scope']],
];

const step = 'token';

export const entraErrors: readonly Explanation[] = [
  ...codes.flatMap(([meaning, numbers]) => numbers.map((code) => ({ match: { code }, ...meaning }))),
  {
    match: { code: '50196' },
    errorCode: 'cloud_throttled',
    isTransient: false,
    detail: 'Entra sees too many equal requests of the application in a short time.',
    advice: 'Cache credentials instead of requesting them for each call, and wait for some minutes.',
  },
];

/** After all codes. */
export const entraFamilies: readonly Explanation[] = [
  ...prefixes.map(([meaning, codePrefix]) => ({ match: { step, codePrefix }, ...meaning })),
  ...texts.flatMap(([meaning, parts]) =>
    parts.map((messageIncludes) => ({ match: { step, messageIncludes }, ...meaning })),
  ),
];
