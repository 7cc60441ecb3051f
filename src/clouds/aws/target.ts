/** The target of an AWS connection: the role, the region of STS, and the tags of its sessions. */
import { z } from 'zod';
import { defaultRegion, isInPartition, regionField, roleArnField } from './partitions.ts';
import { sessionPolicyField } from './session-policy.ts';
import { sessionTagsField } from './session-tags.ts';

/** The limits of STS; the maximum of the role may be lower. */
export const durationField = z
  .int('must be a whole number of seconds')
  .min(900, 'must be 900 seconds or more')
  .max(43_200, 'must be 43200 seconds at most');

const complete = z.looseObject({ role_arn: roleArnField, region: regionField });

export const target = z
  .strictObject({
    /** May be set later: the customer's set-up creates the role. */
    role_arn: roleArnField.optional(),
    /** Defaults to the first region of the role's partition once the role is known. */
    region: regionField.optional(),
    duration_seconds: durationField.default(3600),
    session_policy: sessionPolicyField.optional(),
    session_tags: sessionTagsField.optional(),
    source_identity: z
      .string('must be a string')
      .regex(/^[\w+=,.@-]{2,64}$/, 'must be 2 to 64 letters, digits or + = , . @ _ -')
      .optional(),
  })
  .refine(({ role_arn = '', region = '' }) => isInPartition(region, role_arn), {
    path: ['region'],
    message: 'must be a region of the partition that role_arn names',
    // Checked even if other fields are invalid, so that all faults are reported together.
    when: ({ value }) => complete.safeParse(value).success,
  })
  .transform((target) =>
    target.role_arn && !target.region ? { ...target, region: defaultRegion(target.role_arn) } : target,
  );

export type AwsTarget = z.output<typeof target>;

/** The audience of STS, in every partition. */
export const audience = 'sts.amazonaws.com';

export function missingFields({ role_arn }: AwsTarget): readonly string[] {
  return role_arn ? [] : ['role_arn'];
}

/**
 * Claims that STS understands (IAM user guide, "Passing session tags using AssumeRoleWithWebIdentity").
 * The roles claim makes STS refuse the token for any other role, even one that trusts this issuer and subject.
 */
export function claims({ role_arn, session_tags = {}, source_identity }: AwsTarget): Record<string, unknown> {
  const tags = Object.entries(session_tags);
  return {
    ...(role_arn ? { 'https://aws.amazon.com/roles': [role_arn] } : {}),
    ...(tags.length > 0
      ? {
          'https://aws.amazon.com/tags': {
            // STS accepts only lists of exactly one value.
            principal_tags: Object.fromEntries(tags.map(([key, value]) => [key, [value]])),
          },
        }
      : {}),
    ...(source_identity ? { 'https://aws.amazon.com/source_identity': source_identity } : {}),
  };
}
