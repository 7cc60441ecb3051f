/** Commands that act on the state itself are given the configuration of the server. */
import { type Environment, loadConfig } from '../../server/config/index.ts';
import { type OptionSpec, type ParsedArguments, text } from './command.ts';
import { usageError } from './failure.ts';

export const configOption: OptionSpec = {
  flags: '--config <file>',
  description: 'the YAML file of the server (else SOJOURN_CONFIG)',
};

/** The configuration that the option or the variable names. */
export function loadServerConfig(args: ParsedArguments, env: Environment) {
  const file = text(args, 'config') ?? env.SOJOURN_CONFIG;
  if (!file) throw usageError('There is no configuration: name its file with --config.');
  return loadConfig({ file, env });
}
