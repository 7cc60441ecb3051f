/** Set-up options of a customer in AWS, and the vendor's permission sets for AWS. */
import { z } from 'zod';
import { isJsonObject } from '../lint.ts';
import { faultsOfIdentityPolicy } from './identity-policy.ts';
import { tagsField } from './session-tags.ts';

const maxArns = 10;

/** No comma: CloudFormation would split the ARN in its comma-delimited list. */
const policyArn = /^arn:(aws|aws-cn|aws-us-gov|aws-eusc):iam::(aws|\d{12}):policy\/[\w+=.@/-]{1,512}$/;
const policyArnField = z
  .string('must be a string')
  .regex(policyArn, 'must be the ARN of a managed policy, without a comma');

const policyArnsField = z
  .array(policyArnField, 'must be a list of ARNs')
  .max(maxArns, `must be ${maxArns} policies at most`);

export const setupOptions = z.strictObject({
  /** The account already has the issuer's OIDC provider. */
  existing_provider: z.boolean('must be true or false').optional(),
  /** Of a stack set: these accounts have it already, so their stacks do not create it. */
  accounts_with_provider: z
    .array(
      z.string('must be a string').regex(/^\d{12}$/, 'must be account ids of 12 digits'),
      'must be a list of account ids',
    )
    .max(1000, 'must be 1000 accounts at most')
    .optional(),
  role_name: z
    .string('must be a string')
    .regex(/^[\w+=,.@-]{1,64}$/, 'must be 1 to 64 letters, digits or + = , . @ _ -')
    .optional(),
  /** Added by the customer to those of the permission sets. */
  managed_policy_arns: policyArnsField.optional(),
  permissions_boundary: policyArnField.optional(),
  /** Seconds; IAM API reference, CreateRole, MaxSessionDuration. */
  max_session_seconds: z
    .int('must be a whole number of seconds')
    .min(3600, 'must be 3600 seconds or more')
    .max(43_200, 'must be 43200 seconds at most')
    .optional(),
  tags: tagsField.optional(),
});

export type AwsSetupOptions = z.output<typeof setupOptions>;

/** IAM quota: total size of a role's inline policies, without white space. */
export const maxInlineCharacters = 10_240;

/** `managed_policy_arns` are AWS managed policies in the partition `aws`; set-up files use the role's partition. */
export const permissionSet = z
  .strictObject({
    managed_policy_arns: policyArnsField
      .refine((arns) => arns.every((arn) => arn.startsWith('arn:aws:iam::aws:')), {
        message: 'must be AWS managed policies, arn:aws:iam::aws:policy/…',
        when: ({ value }) => policyArnsField.safeParse(value).success,
      })
      .optional(),
    policy: z
      .looseObject({}, 'must be an IAM policy, as an object')
      .superRefine((policy, context) => {
        for (const message of faultsOfPolicy(policy)) context.addIssue({ code: 'custom', message });
      })
      .optional(),
  })
  .refine(({ managed_policy_arns = [], policy }) => managed_policy_arns.length > 0 || policy, {
    message: 'must have managed_policy_arns, a policy or both',
  });

export type AwsPermissionSet = z.output<typeof permissionSet>;

function faultsOfPolicy(policy: Readonly<Record<string, unknown>>): string[] {
  const text = JSON.stringify(policy);
  return [
    ...(policy.Version === '2012-10-17' ? [] : ['must have the Version 2012-10-17']),
    ...faultsOfIdentityPolicy({ ...policy, Version: '2012-10-17' }),
    ...(text.length <= maxInlineCharacters ? [] : [`must be ${maxInlineCharacters} characters at most`]),
    // IAM API reference, PutRolePolicy, PolicyDocument.
    ...(/^[\t\n\r\x20-\xff]*$/.test(text) ? [] : ['must contain only Latin-1 characters']),
    // CloudFormation would evaluate these.
    ...(text.includes('{{') || hasFunction(policy) ? ['must not contain {{, or a member Ref or Fn::…'] : []),
  ];
}

function hasFunction(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasFunction);
  if (!isJsonObject(value)) return false;
  return Object.entries(value).some(
    ([name, member]) => name === 'Ref' || name.startsWith('Fn::') || hasFunction(member),
  );
}
