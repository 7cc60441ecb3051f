/** The target of an AWS connection: the role, the region of STS, and the tags of its sessions. */
import { z } from 'zod';
import { audienceField } from '../audience.ts';
import { defaultRegion, isInPartition, isSamePartition, regionField, roleArnField } from './partitions.ts';
import { sessionPolicyField } from './session-policy.ts';
import { sessionTagsField } from './session-tags.ts';

/** The limits of STS; the maximum of the role may be lower. */
export const durationField = z
  .int('must be a whole number of seconds')
  .min(900, 'must be 900 seconds or more')
  .max(43_200, 'must be 43200 seconds at most');

/** The longest session of a chained role (STS API reference, AssumeRole). */
const chainedSeconds = 3600;

const nameField = z
  .string('must be a string')
  .regex(/^[\w+=,.@-]{2,64}$/, 'must be 2 to 64 letters, digits or + = , . @ _ -');

/** The audience of tokens for Azure. A provider that lists it admits such tokens to every role that does not test :aud. */
export const wrongAudience = 'api://AzureADTokenExchange';

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
    /** Keys of session_tags that a chained session keeps. */
    transitive_tag_keys: z
      .array(z.string('must be a string'), 'must be a list of keys')
      .max(50, 'must be 50 keys at most')
      .optional(),
    source_identity: nameField.optional(),
    /** Instead of the connection and the jti of the token. */
    role_session_name: nameField.optional(),
    /** A second role, which the session of role_arn assumes. */
    chained_role_arn: roleArnField.optional(),
    external_id: z
      .string('must be a string')
      // STS API reference, AssumeRole.
      .regex(/^[\w+=,.@:/-]{2,1224}$/, 'must be 2 to 1224 letters, digits or + = , . @ : / _ -')
      .optional(),
    audience: audienceField(wrongAudience).optional(),
  })
  .superRefine(({ session_tags = {}, transitive_tag_keys = [] }, context) => {
    for (const [index, key] of transitive_tag_keys.entries())
      if (!Object.hasOwn(session_tags, key) || transitive_tag_keys.indexOf(key) < index)
        context.addIssue({
          code: 'custom',
          path: ['transitive_tag_keys', index],
          message: 'must be a key of session_tags, named once',
        });
  })
  .superRefine(({ role_arn, chained_role_arn, external_id, duration_seconds }, context) => {
    const refuse = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (chained_role_arn === undefined) {
      if (external_id !== undefined) refuse('external_id', 'must be given with chained_role_arn only');
      return;
    }
    if (role_arn !== undefined && !isSamePartition(role_arn, chained_role_arn))
      refuse('chained_role_arn', 'must be in the partition of role_arn');
    if (chained_role_arn === role_arn) refuse('chained_role_arn', 'must be another role than role_arn');
    if (duration_seconds > chainedSeconds)
      refuse('duration_seconds', `must be ${chainedSeconds} seconds at most with chained_role_arn`);
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
export const defaultAudience = 'sts.amazonaws.com';

/** The role of the session that the client receives. */
export const lastRoleOf = ({ role_arn, chained_role_arn }: AwsTarget): string | undefined =>
  chained_role_arn ?? role_arn;

/**
 * Claims that STS understands (IAM user guide, "Passing session tags using AssumeRoleWithWebIdentity").
 * The roles claim makes STS refuse the token for any other role, even one that trusts this issuer and subject.
 */
export function claims({
  role_arn,
  session_tags = {},
  transitive_tag_keys = [],
  source_identity,
}: AwsTarget): Record<string, unknown> {
  const tags = Object.entries(session_tags);
  return {
    ...(role_arn ? { 'https://aws.amazon.com/roles': [role_arn] } : {}),
    ...(tags.length > 0
      ? {
          'https://aws.amazon.com/tags': {
            // STS accepts only lists of exactly one value.
            principal_tags: Object.fromEntries(tags.map(([key, value]) => [key, [value]])),
            ...(transitive_tag_keys.length > 0 ? { transitive_tag_keys } : {}),
          },
        }
      : {}),
    ...(source_identity ? { 'https://aws.amazon.com/source_identity': source_identity } : {}),
  };
}
