/**
 * The command line. Owns: the commands, their words and how answers read on a terminal. Does not own: doing anything;
 * it starts the server, the demo or the sandbox, or asks a running server over HTTP like any other program.
 */
export type { Terminal } from './command.ts';
export { run } from './program.ts';
