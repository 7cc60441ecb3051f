/**
 * The agent: a small process beside a workload. Owns: keeping tokens and credentials of many connections fresh in memory,
 * handing them to unmodified SDKs by an endpoint on loopback and by files, and turning everybody else away. Does not own:
 * signing in and asking the server (sdk), or what its configuration may say (config). The command line starts it.
 */
export { type Agent, type AgentOptions, startAgent } from './agent.ts';
export { readConfig } from './config-process.ts';
export { signInOf } from './sign-in.ts';
export { keepHeapSmall } from './small-heap.ts';
export type { AgentStatus, ConnectionStatus } from './status.ts';
