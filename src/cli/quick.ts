/** The commands that tools run again and again: each is loaded alone, for what takes time is loading all of them. */
import type { CommandSpec } from './command.ts';

export const quick: Readonly<Record<string, () => Promise<CommandSpec>>> = {
  credentials: async () => (await import('./nouns/credentials.ts')).credentials,
  exec: async () => (await import('./nouns/exec.ts')).exec,
};
