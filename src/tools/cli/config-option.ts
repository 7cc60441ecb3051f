/** The option `--config` of commands that open the server's state directly. */
import { type Environment, loadConfig } from '../../server/config/index.ts';
import { type OptionSpec, type ParsedArguments, text } from './command.ts';
import { usageError } from './failure.ts';

export const configOption: OptionSpec = {
  flags: '--config <file>',
  description: "the server's YAML file (SOJOURN_CONFIG)",
};

/** Loads the configuration from the file in the option or the variable. */
export function loadServerConfig(args: ParsedArguments, env: Environment) {
  const file = text(args, 'config') ?? env.SOJOURN_CONFIG;
  if (!file) throw usageError('The configuration is missing. Give its file with --config.');
  return loadConfig({ file, env });
}
