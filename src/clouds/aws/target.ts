/** Which role is entered, through which region, and what its sessions carry. */
import { z } from 'zod';
import { defaultRegion, isInPartition, regionField, roleArnField } from './partitions.ts';
import { sessionPolicyField } from './session-policy.ts';
import { sessionTagsField } from './session-tags.ts';

/** The longest that STS takes; the role's own maximum may be lower. */
export const durationField = z
  .int('must be a whole number of seconds')
  .min(900, 'must be 900 seconds or more')
  .max(43_200, 'must be 43200 seconds at most');

const placed = z.looseObject({ role_arn: roleArnField, region: regionField });

export const target = z
  .strictObject({
    /** May come later: the customer's set-up makes the role. */
    role_arn: roleArnField.optional(),
    /** Without one the first region of the role's partition, once the role is known. */
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
    // Whatever else is wrong: all faults are told at once.
    when: ({ value }) => placed.safeParse(value).success,
  })
  .transform((given) =>
    given.role_arn && !given.region ? { ...given, region: defaultRegion(given.role_arn) } : given,
  );

export type AwsTarget = z.output<typeof target>;

/** The name of STS for itself, whatever the partition. */
export const audience = 'sts.amazonaws.com';

export function missingFields({ role_arn }: AwsTarget): readonly string[] {
  return role_arn ? [] : ['role_arn'];
}

/**
 * Claims that STS understands (IAM user guide, "Passing session tags using AssumeRoleWithWebIdentity").
 * The list of roles makes STS refuse the token for any other role, whatever else trusts this issuer and subject.
 */
export function claims({ role_arn, session_tags = {}, source_identity }: AwsTarget): Record<string, unknown> {
  const tags = Object.entries(session_tags);
  return {
    ...(role_arn ? { 'https://aws.amazon.com/roles': [role_arn] } : {}),
    ...(tags.length > 0
      ? {
          'https://aws.amazon.com/tags': {
            // STS takes lists of exactly one value and nothing else.
            principal_tags: Object.fromEntries(tags.map(([key, value]) => [key, [value]])),
          },
        }
      : {}),
    ...(source_identity ? { 'https://aws.amazon.com/source_identity': source_identity } : {}),
  };
}

/** The same role entered without tags and source identity; nothing where it has none. */
export function withoutOptions({ session_tags = {}, source_identity, ...target }: AwsTarget): {
  withoutOptions?: AwsTarget;
} {
  return Object.keys(session_tags).length > 0 || source_identity ? { withoutOptions: target } : {};
}
