/** Options for the content of set-up files. The server validates which option applies to which cloud. */
import { isSet, type OptionSpec, type ParsedArguments, text, texts } from '../command.ts';
import { usageError } from '../failure.ts';

/** By the name of the query parameter. */
const options: Readonly<Record<string, OptionSpec>> = {
  permissions: {
    flags: '--permissions <set>',
    description: 'permission set of the configuration to grant (repeatable)',
    repeatable: true,
  },
  additional_connections: {
    flags: '--additional-connection <id>',
    description: 'connection of the same tenant and cloud to include in the files (repeatable)',
    repeatable: true,
  },
  tags: {
    flags: '--tag <name=value>',
    description: 'AWS and Azure: tag of the created resources (repeatable)',
    repeatable: true,
  },
  existing_provider: {
    flags: '--existing-provider',
    description: "AWS: the account already has the issuer's OIDC provider",
  },
  role_name: { flags: '--role-name <name>', description: 'AWS: name of the role' },
  managed_policy_arns: {
    flags: '--managed-policy <arn>',
    description: 'AWS: managed policy for the role (repeatable)',
    repeatable: true,
  },
  permissions_boundary: {
    flags: '--permissions-boundary <arn>',
    description: "AWS: the role's permissions boundary",
  },
  max_session_seconds: {
    flags: '--max-session-seconds <seconds>',
    description: 'AWS: maximum session duration of the role, 3600 to 43200',
  },
  identity_name: {
    flags: '--identity-name <name>',
    description: 'Azure: name of the user-assigned identity',
  },
  roles: {
    flags: '--role <role>',
    description: 'Azure: GUID of a role definition; Google Cloud: role in the project (repeatable)',
    repeatable: true,
  },
  existing_pool: { flags: '--existing-pool', description: 'Google Cloud: the project already has the pool' },
};

export const setupOptions: readonly OptionSpec[] = Object.values(options);

export function setupQueryOf(args: ParsedArguments): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(options).map(([name, { flags, repeatable }]) => {
      const option = camelCase(flags);
      if (!repeatable) return [name, isSet(args, option) ? 'true' : text(args, option)];
      const all = texts(args, option);
      if (all.length === 0) return [name, undefined];
      return [name, name === 'tags' ? JSON.stringify(Object.fromEntries(all.map(tagOf))) : all.join(',')];
    }),
  );
}

/** Commander's name of an option: `roleName` for `--role-name <name>`. */
const camelCase = (flags: string): string =>
  (/^--([a-z-]+)/.exec(flags)?.[1] ?? '').replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

function tagOf(tag: string): [name: string, value: string] {
  const index = tag.indexOf('=');
  if (index < 1) throw usageError('--tag must be name=value.');
  return [tag.slice(0, index), tag.slice(index + 1)];
}
