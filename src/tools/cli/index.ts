/**
 * The command line. Owns: commands, options, help texts, and how responses are printed. Does not own: the work itself; it
 * starts the server, the demo or the sandbox, or calls a running server over HTTP as any other program would.
 */
export type { Terminal } from './command.ts';
export { run } from './program.ts';
