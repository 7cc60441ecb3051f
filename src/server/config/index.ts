/**
 * How the server is set up. Owns: the list of keys, reading them from one YAML file and from the environment, and
 * refusing what cannot be meant, every fault at once. Does not own: acting on the values; compose hands them down.
 * The only room that reads the environment, also for the command line. The keys of the server know every room that they
 * set up, so they are loaded by whoever starts one, and not by an agent or a command.
 */
import type { loadConfig as LoadConfig, parseConfig as ParseConfig } from './load.ts';

export type { Address } from './address.ts';
export { addressField, isLoopback } from './address.ts';
export { type AgentConfig, type AgentConnection, agentShape, loadAgentConfig } from './agent.ts';
export type { Config, SecretText } from './config.ts';
export { type Environment, environment } from './environment.ts';
export { readSecret } from './outside.ts';
export { endpointField, secretSourceField } from './urls.ts';
export { readYamlFile } from './yaml-file.ts';

/** As `load.ts` has it. */
export const loadConfig: typeof LoadConfig = async (given) => (await import('./load.ts')).loadConfig(given);

export const parseConfig = async (
  ...given: Parameters<typeof ParseConfig>
): Promise<ReturnType<typeof ParseConfig>> => (await import('./load.ts')).parseConfig(...given);
