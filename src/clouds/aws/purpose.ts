/** What a purpose may say of a role's sessions, and what of it could open more than the connection does. */
import { z } from 'zod';
import type { Fault } from '../../platform/errors/index.ts';
import { sessionPolicyField } from './session-policy.ts';
import { type AwsTarget, durationField } from './target.ts';

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
  .refine((given) => Object.keys(given).length > 0, {
    message: 'must say what it narrows',
    when: ({ issues }) => issues.length === 0,
  });

type AwsPurpose = z.output<typeof purpose>;

/** A target of which a purpose has taken the place of some fields. */
export type NarrowedTarget = AwsTarget & Pick<AwsPurpose, 'policy_arns'>;

/** Plain text of all session policies together, by the same reference. */
const maxTogether = 2048;

/**
 * The session gets what the role allows and its session policies allow too (IAM user guide, "Session policies"), so any
 * policy narrows a role. But a policy would take the place of the target's own, and a managed one would be added to it:
 * what one of them allows is allowed. Beside a policy of the target there is therefore no other.
 */
export function widenedFields(target: AwsTarget, given: AwsPurpose): readonly Fault[] {
  const { session_policy, policy_arns = [], duration_seconds = 0 } = given;
  const faults: Fault[] = [];
  const refuse = (path: string, message: string) => faults.push({ path, message });
  const taken = target.session_policy !== undefined;
  const instead =
    'the session_policy of the target; take that out, and give each purpose the whole policy it needs';
  if (taken && session_policy !== undefined) refuse('session_policy', `would take the place of ${instead}`);
  if (taken && policy_arns.length > 0) refuse('policy_arns', `would allow more than ${instead}`);
  if (duration_seconds > target.duration_seconds)
    refuse('duration_seconds', `must be ${target.duration_seconds} seconds at most, as for the target`);
  const foreign = policy_arns.filter((arn) => !isBeside(arn, target.role_arn));
  if (foreign.length > 0)
    refuse('policy_arns', `must be in the account of the role or AWS's own: ${foreign.join(', ')}`);
  if ((session_policy ?? '').length + policy_arns.join('').length > maxTogether)
    refuse('policy_arns', `and session_policy must be ${maxTogether} characters at most together`);
  return faults;
}

/** Any, while the role is not known. */
function isBeside(policyArn: string, roleArn: string | undefined): boolean {
  if (roleArn === undefined) return true;
  const [policy, role] = [policyArn.split(':'), roleArn.split(':')];
  return policy[1] === role[1] && (policy[4] === 'aws' || policy[4] === role[4]);
}
