/** Options for the content of set-up files. The server validates which option applies to which cloud. */
import { setupOptions as cloudOptions } from '../../../clouds/programs/index.ts';
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
  ...Object.fromEntries(
    Object.entries(cloudOptions).map(([name, { type, flags, help }]) => {
      const repeatable = type === 'list' || type === 'map';
      return [name, { flags, description: repeatable ? `${help} (repeatable)` : help, repeatable }];
    }),
  ),
};

export const setupOptions: readonly OptionSpec[] = Object.values(options);

export function setupQueryOf(args: ParsedArguments): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(options).map(([name, { flags, repeatable }]) => {
      const option = camelCase(flags);
      if (!repeatable) return [name, isSet(args, option) ? 'true' : text(args, option)];
      const all = texts(args, option);
      if (all.length === 0) return [name, undefined];
      return [
        name,
        cloudOptions[name]?.type === 'map'
          ? JSON.stringify(Object.fromEntries(all.map(tagOf)))
          : all.join(','),
      ];
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
