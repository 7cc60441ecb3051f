/**
 * How the server is set up. Owns: the list of keys, reading them from one YAML file and from the environment, and
 * refusing what cannot be meant, every fault at once. Does not own: acting on the values; compose hands them down.
 * The only room that reads the environment, also for the command line.
 */
export type { Address } from './address.ts';
export { addressField, isLoopback } from './address.ts';
export { type AgentConfig, type AgentConnection, agentShape, loadAgentConfig } from './agent.ts';
export type { Config, SecretText } from './config.ts';
export { configurationDocument } from './document.ts';
export { type Environment, environment } from './environment.ts';
export { loadConfig, parseConfig } from './load.ts';
export { readSecret } from './outside.ts';
export { endpointField, secretSourceField } from './urls.ts';
export { readYamlFile } from './yaml-file.ts';
