/**
 * Refusals that name the type of the policy: "with an explicit deny in a TYPE" and "because no TYPE allows the action" (IAM
 * user guide, "Troubleshoot access denied error messages"). What to do depends on whose policy it is.
 */
import type { SojournError } from '../../platform/errors/index.ts';
import { cloudResponseOf, type Explanation } from '../explanation.ts';

const denied = (
  messageIncludes: string,
  errorCode: Explanation['errorCode'],
  detail: string,
  advice: string,
): Explanation => ({ match: { code: 'AccessDenied', messageIncludes }, errorCode, detail, advice });

const organization =
  'Ask the customer to allow sts:AssumeRoleWithWebIdentity for this issuer and role in the service and resource control policies of their organization. The set-up file cannot change them.';
const trustDeny = 'The trust policy of the role has a Deny statement that applies to this connection.';
const trustDenyAdvice =
  'Ask the customer whether the restriction is meant for this connection: it acts on subject, time, address or tags, and applying the set-up file again does not lift it.';
const trustAdvice =
  'Apply the set-up file again: the keys of both conditions must contain the whole issuer with its path, and sub must match exactly.';

export const policyRefusals: readonly Explanation[] = [
  denied(
    'service control policy',
    'cloud_policy_forbids',
    "A service control policy (SCP) of the customer's organization, a policy above the role, does not allow the request.",
    organization,
  ),
  denied(
    'resource control policy',
    'cloud_policy_forbids',
    "A resource control policy (RCP) of the customer's organization, a policy above the role, does not allow the request.",
    organization,
  ),
  denied(
    'endpoint policy',
    'cloud_policy_forbids',
    'The policy of the VPC endpoint through which this server reaches STS does not allow the request. It belongs to the network of the server, not to the customer.',
    'Allow sts:AssumeRoleWithWebIdentity on the role in the policy of the VPC endpoint for STS.',
  ),
  denied(
    'permissions boundary',
    'cloud_policy_forbids',
    'The permissions boundary of the role does not allow the request.',
    'Ask the customer to allow the action that the message names in the permissions boundary of the role.',
  ),
  denied(
    'session policy',
    'cloud_permission_denied',
    'The session policy of the connection does not allow the request.',
    'Allow the action that the message names in target.session_policy, or in the policies of the purpose.',
  ),
  denied(
    'identity-based policy',
    'cloud_permission_denied',
    'The permissions of the role do not allow the request.',
    'Ask the customer to allow the action that the message names in a policy of the role, without a Deny for it.',
  ),
  denied('explicit deny in the role trust policy', 'cloud_trust_refused', trustDeny, trustDenyAdvice),
  denied('explicit deny in a role trust policy', 'cloud_trust_refused', trustDeny, trustDenyAdvice),
  denied('explicit deny in the trust policy', 'cloud_trust_refused', trustDeny, trustDenyAdvice),
  denied('explicit deny in a resource-based policy', 'cloud_trust_refused', trustDeny, trustDenyAdvice),
  denied(
    'trust policy',
    'cloud_trust_refused',
    'The trust policy of the role does not allow the request.',
    trustAdvice,
  ),
  denied(
    'resource-based policy',
    'cloud_trust_refused',
    'The trust policy of the role, its resource-based policy, does not allow the request.',
    trustAdvice,
  ),
  ...['explicit deny', 'because no '].map((text) =>
    denied(
      text,
      'cloud_policy_forbids',
      'A policy other than the trust policy of the role does not allow the request.',
      'Ask the customer which policy the message of AWS names, and to allow the action for this role there.',
    ),
  ),
];

export const isExplicitDeny = (error: SojournError): boolean =>
  cloudResponseOf(error).message?.includes('explicit deny') === true;
