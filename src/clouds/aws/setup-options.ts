/** The options of set-up files for AWS. */
import type { SetupOption } from '../contract/programs.ts';

export const setupOptions: Readonly<Record<string, SetupOption>> = {
  tags: {
    type: 'map',
    description: 'tags of the created resources, as a JSON object of strings',
    flags: '--tag <name=value>',
    help: 'tag of the created resources',
  },
  existing_provider: {
    type: 'flag',
    description: 'the account already has the OIDC provider of the issuer',
    flags: '--existing-provider',
    help: "the account already has the issuer's OIDC provider",
  },
  accounts_with_provider: {
    type: 'list',
    description: 'ids of accounts of a stack set that already have the OIDC provider, separated by commas',
    flags: '--account-with-provider <account>',
    help: "account of a stack set that already has the issuer's OIDC provider",
  },
  role_name: {
    type: 'text',
    description: 'name of the role',
    flags: '--role-name <name>',
    help: 'name of the role',
  },
  managed_policy_arns: {
    type: 'list',
    description: 'ARNs of managed policies in addition to the permission sets, separated by commas',
    flags: '--managed-policy <arn>',
    help: 'managed policy for the role',
  },
  permissions_boundary: {
    type: 'text',
    description: 'ARN of the permissions boundary of the role',
    flags: '--permissions-boundary <arn>',
    help: "the role's permissions boundary",
  },
  max_session_seconds: {
    type: 'seconds',
    description: 'the maximum session duration of the role',
    flags: '--max-session-seconds <seconds>',
    help: 'maximum session duration of the role, 3600 to 43200',
  },
};
