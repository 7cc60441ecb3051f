/**
 * The agent: a small process next to a workload. Owns: keeping tokens and credentials of many connections fresh in
 * memory, serving them to unmodified SDKs through a loopback endpoint and files, and refusing all other callers. Does
 * not own: sign-in and requests to the server (sdk), or its configuration schema (config). The command line starts it.
 */
export { type Agent, type AgentOptions, startAgent } from './agent.ts';
export { readConfig } from './config-process.ts';
export { keepHeapSmall } from './heap.ts';
export { signInOf } from './sign-in.ts';
export type { AgentStatus, ConnectionStatus } from './status.ts';
