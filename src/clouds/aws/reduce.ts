/**
 * AWS STS has one error message for many faults. A second attempt without session tags and source identity shows whether
 * they are the cause.
 */
import type { ReducedTarget } from '../contract/index.ts';
import type { AwsTarget } from './target.ts';

export const reduce = ({
  session_tags = {},
  source_identity,
  ...target
}: AwsTarget): ReducedTarget | undefined =>
  Object.keys(session_tags).length > 0 || source_identity
    ? {
        target,
        cause: {
          condition: 'session_tags',
          detail:
            'The role admits the same token without session tags and source identity, so the trust policy lacks sts:TagSession or sts:SetSourceIdentity.',
          advice: 'Allow the missing action in the trust policy, as in the set-up file.',
        },
      }
    : undefined;
