/** What tools run again and again, or keep running: each is loaded alone, for loading all of them takes time and memory. */
import type { CommandSpec, Noun } from './command.ts';

export interface Loaded {
  readonly commands: readonly CommandSpec[];
  readonly nouns: readonly Noun[];
}

export const quick: Readonly<Record<string, () => Promise<Loaded>>> = {
  credentials: async () => ({ commands: [(await import('./nouns/credentials.ts')).credentials], nouns: [] }),
  exec: async () => ({ commands: [(await import('./nouns/exec.ts')).exec], nouns: [] }),
  agent: async () => ({ commands: [], nouns: [(await import('./nouns/agent.ts')).agent] }),
};
