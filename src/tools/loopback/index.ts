/**
 * Handing secrets to programs of this machine. Owns: a listener on loopback with its bounds, who may ask there, files that
 * are replaced whole, and how a running agent is found and asked. Does not own: what is handed over, or in which form; the
 * agent and `sojourn exec` do. It is small, since commands load it that tools run again and again.
 */
export { agentFiles, askAgent } from './ask-agent.ts';
export { isLeftOver, replaceFile } from './file.ts';
export { knows, type Outsider, outsiderTo } from './guard.ts';
export { type Answer, type Listener, listenLocally } from './listener.ts';
