/** The option `--config` of commands that open the server's state directly. */
import type { Config, Environment } from '../../server/config/index.ts';
import { type OptionSpec, type ParsedArguments, text } from './command.ts';
import { usageError } from './failure.ts';

export const configOption: OptionSpec = {
  flags: '--config <file>',
  description: "the server's YAML file (SOJOURN_CONFIG)",
};

/** The file in the option or the variable. */
export function configFile(args: ParsedArguments, env: Environment): string {
  const file = text(args, 'config') ?? env.SOJOURN_CONFIG;
  if (!file) throw usageError('The configuration is missing. Give its file with --config.');
  return file;
}

/** Loads the configuration from the file in the option or the variable. Other commands need not load its parser. */
export async function loadServerConfig(args: ParsedArguments, env: Environment): Promise<Config> {
  const file = configFile(args, env);
  const { loadConfig } = await import('../../server/config/index.ts');
  return loadConfig({ file, env });
}
