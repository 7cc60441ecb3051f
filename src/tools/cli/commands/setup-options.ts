/** What may be asked of the set-up files, as options; which of it goes with which cloud, the server knows. */
import { isSet, type OptionSpec, type ParsedArguments, text, texts } from '../command.ts';
import { usageError } from '../failure.ts';

/** By the parameter of the query. */
const options: Readonly<Record<string, OptionSpec>> = {
  permissions: {
    flags: '--permissions <set>',
    description: 'permission set of the configuration to grant; may be repeated',
    repeatable: true,
  },
  additional_connections: {
    flags: '--additional-connection <id>',
    description:
      'another connection of the same tenant and cloud that the same files set up; may be repeated',
    repeatable: true,
  },
  tags: {
    flags: '--tag <name=value>',
    description: 'AWS and Azure: tag of what is made; may be repeated',
    repeatable: true,
  },
  existing_provider: {
    flags: '--existing-provider',
    description: "AWS: the account has the issuer's OIDC provider already",
  },
  role_name: { flags: '--role-name <name>', description: 'AWS: name of the role' },
  managed_policy_arns: {
    flags: '--managed-policy <arn>',
    description: 'AWS: managed policy for the role; may be repeated',
    repeatable: true,
  },
  permissions_boundary: {
    flags: '--permissions-boundary <arn>',
    description: 'AWS: policy that the role can never exceed',
  },
  max_session_seconds: {
    flags: '--max-session-seconds <seconds>',
    description: 'AWS: the longest session of the role, 3600 to 43200',
  },
  identity_name: {
    flags: '--identity-name <name>',
    description: 'Azure: name of the user-assigned identity',
  },
  roles: {
    flags: '--role <role>',
    description: 'Azure: GUID of a role definition, Google Cloud: role in the project; may be repeated',
    repeatable: true,
  },
  existing_pool: { flags: '--existing-pool', description: 'Google Cloud: the project has the pool already' },
};

export const setupOptions: readonly OptionSpec[] = Object.values(options);

export function setupQueryOf(args: ParsedArguments): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(options).map(([name, { flags, repeatable: many }]) => {
      const option = camelCase(flags);
      if (!many) return [name, isSet(args, option) ? 'true' : text(args, option)];
      const all = texts(args, option);
      if (all.length === 0) return [name, undefined];
      return [name, name === 'tags' ? JSON.stringify(Object.fromEntries(all.map(tagOf))) : all.join(',')];
    }),
  );
}

/** `--role-name <name>` is the option `roleName`. */
const camelCase = (flags: string): string =>
  (/^--([a-z-]+)/.exec(flags)?.[1] ?? '').replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

function tagOf(tag: string): [name: string, value: string] {
  const at = tag.indexOf('=');
  if (at < 1) throw usageError('--tag must be name=value.');
  return [tag.slice(0, at), tag.slice(at + 1)];
}
