/**
 * The configuration. Owns: the list of keys, reading them from one YAML file and the environment, and reporting all
 * errors together. Does not own: using the values; compose passes them to the modules. No other module reads the
 * environment, not even the command line. `load.ts` imports every module that has keys, so only the start of a server
 * imports it, not the agent or another command.
 */
import type { loadConfig as LoadConfig, parseConfig as ParseConfig } from './load.ts';

export { readYamlFile } from '../../platform/yaml/index.ts';
export type { Address } from './address.ts';
export { addressField } from './address.ts';
export { type AgentConfig, type AgentConnection, agentShape, loadAgentConfig } from './agent.ts';
export type { Config, SecretText } from './config.ts';
export { type Environment, environment } from './environment.ts';
export { readSecret } from './outside.ts';

/** See `load.ts`. */
export const loadConfig: typeof LoadConfig = async (source) => (await import('./load.ts')).loadConfig(source);

export const parseConfig = async (
  ...args: Parameters<typeof ParseConfig>
): Promise<ReturnType<typeof ParseConfig>> => (await import('./load.ts')).parseConfig(...args);
