/** Commands that tools run often or keep running. Each loads without the others, which saves time and memory. */
import type { CommandGroup, CommandSpec } from './command.ts';

export interface LoadedCommands {
  readonly commands: readonly CommandSpec[];
  readonly groups: readonly CommandGroup[];
}

export const separatelyLoaded: Readonly<Record<string, () => Promise<LoadedCommands>>> = {
  credentials: async () => ({
    commands: [(await import('./commands/credentials.ts')).credentials],
    groups: [],
  }),
  exec: async () => ({ commands: [(await import('./commands/exec.ts')).exec], groups: [] }),
  agent: async () => ({ commands: [], groups: [(await import('./commands/agent.ts')).agent] }),
};
