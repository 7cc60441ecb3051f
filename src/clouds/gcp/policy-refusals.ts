/** Refusals by policies above the resource: VPC Service Controls, organization policies, deny and boundary policies. */
import type { Explanation } from '../explanation.ts';

const perimeter: Omit<Explanation, 'match'> = {
  errorCode: 'cloud_policy_forbids',
  detail: "A service perimeter (VPC Service Controls) of the customer's organization blocks the request.",
  advice:
    'Ask the customer for an ingress rule of the perimeter: from the identity of the connection, or from any identity at the public addresses of this server, to sts.googleapis.com and iamcredentials.googleapis.com. The identifier in the message finds the denial in their audit log.',
};
const organization: Omit<Explanation, 'match'> = {
  errorCode: 'cloud_policy_forbids',
  detail: 'A policy of the organization forbids this.',
  advice:
    'Ask the customer to allow this issuer in constraints/iam.workloadIdentityPoolProviders, and service account use and the services sts and iamcredentials in their other policies.',
};
const identityPolicy: Omit<Explanation, 'match'> = {
  errorCode: 'cloud_policy_forbids',
  detail: 'An IAM deny policy or a principal access boundary of the customer blocks the identity.',
  advice:
    'Ask the customer to except the principal of the set-up file in the deny policy, or to add the resource to the boundary.',
};

const row = (messageIncludes: string, meaning: Omit<Explanation, 'match'>): Explanation => ({
  match: { messageIncludes },
  ...meaning,
});

export const policyRefusals: readonly Explanation[] = [
  row('vpcServiceControls', perimeter),
  row("prohibited by organization's policy", perimeter),
  row('SECURITY_POLICY_VIOLATED', perimeter),
  row('VPC Service Controls', perimeter),
  row('service perimeter', perimeter),
  {
    match: { messageIncludes: 'allowServiceAccountCredentialLifetimeExtension' },
    errorCode: 'cloud_request_invalid',
    detail:
      'lifetime_seconds exceeds one hour, and the organization does not allow that for this service account.',
    advice:
      'Lower target.lifetime_seconds to 3600, or ask the customer to add the account to constraints/iam.allowServiceAccountCredentialLifetimeExtension.',
  },
  row('Org Policy', organization),
  row('organization policy', organization),
  row("organization's constraint", organization),
  row('constraints/', organization),
  row('deny policy', identityPolicy),
  row('denied by policy', identityPolicy),
  row('access boundary', identityPolicy),
];
