/**
 * Loopback communication between programs of this machine. Owns: a listener with its limits, the checks of requests to
 * it, atomic replacement of files, requests to a running agent, and which files and variables of a server this machine
 * accepts. Does not own: what is served and in which format; the agent and `sojourn exec` do. It stays small, because commands that tools run often load it.
 */
export { agentFiles, fetchFromAgent } from './fetch-from-agent.ts';
export { type HttpResponse, type Listener, listenLocally } from './listener.ts';
export { isLeftover, replaceFile } from './replace-file.ts';
export { createOriginCheck, createSecretMatcher, type OriginViolation } from './request-check.ts';
export { parseServiceSettings, type ServiceSettings } from './service-settings.ts';
