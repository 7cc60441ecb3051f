/** The schema of a purpose for AWS sessions, and the check that it does not allow more than the connection. */
import { z } from 'zod';
import type { Fault } from '../../platform/errors/index.ts';
import { sessionPolicyField } from './session-policy.ts';
import { type AwsTarget, durationField, lastRoleOf } from './target.ts';

const policyArnField = z
  .string('must be a string')
  .regex(
    /^arn:aws[a-z-]*:iam::(aws|\d{12}):policy\/[\x21-\x7e]{1,512}$/,
    'must be the ARN of a managed policy',
  );

export const purpose = z
  .strictObject({
    session_policy: sessionPolicyField.optional(),
    /** STS API reference, AssumeRoleWithWebIdentity, PolicyArns: ten at most. */
    policy_arns: z
      .array(policyArnField, 'must be a list of ARNs')
      .min(1, 'must name one policy or more')
      .max(10, 'must be 10 policies at most')
      .optional(),
    duration_seconds: durationField.optional(),
  })
  .refine((purpose) => Object.keys(purpose).length > 0, {
    message: 'must narrow at least one field of the target',
    when: ({ issues }) => issues.length === 0,
  });

type AwsPurpose = z.output<typeof purpose>;

/** A target with the fields of a purpose applied. */
export type NarrowedTarget = AwsTarget & Pick<AwsPurpose, 'policy_arns'>;

/** Limit for the plain text of all session policies, from the same reference. */
const maxTotalCharacters = 2048;

/**
 * A session may do what both the role and its session policies allow (IAM user guide, "Session policies"), so any policy
 * narrows a role. If the target already has a session policy, a purpose may not set one: its session_policy would replace
 * the target's, and its managed policies would be added, where one Allow is enough.
 */
export function widenedFields(target: AwsTarget, purpose: AwsPurpose): readonly Fault[] {
  const { session_policy, policy_arns = [], duration_seconds = 0 } = purpose;
  const faults: Fault[] = [];
  const refuse = (path: string, message: string) => faults.push({ path, message });
  const hasTargetPolicy = target.session_policy !== undefined;
  const existingPolicy =
    'the session_policy of the target; remove that one and give each purpose its whole policy';
  if (hasTargetPolicy && session_policy !== undefined)
    refuse('session_policy', `would replace ${existingPolicy}`);
  if (hasTargetPolicy && policy_arns.length > 0)
    refuse('policy_arns', `would allow more than ${existingPolicy}`);
  if (duration_seconds > target.duration_seconds)
    refuse('duration_seconds', `must be ${target.duration_seconds} seconds at most, as in the target`);
  const otherAccounts = policy_arns.filter((arn) => !isSameAccountOrManaged(arn, lastRoleOf(target)));
  if (otherAccounts.length > 0)
    refuse(
      'policy_arns',
      `must be in the account of the role or managed by AWS: ${otherAccounts.join(', ')}`,
    );
  if ((session_policy ?? '').length + policy_arns.join('').length > maxTotalCharacters)
    refuse('policy_arns', `and session_policy must be ${maxTotalCharacters} characters at most together`);
  return faults;
}

/** True while the role is unknown. */
function isSameAccountOrManaged(policyArn: string, roleArn: string | undefined): boolean {
  if (roleArn === undefined) return true;
  const [policy, role] = [policyArn.split(':'), roleArn.split(':')];
  return policy[1] === role[1] && (policy[4] === 'aws' || policy[4] === role[4]);
}
