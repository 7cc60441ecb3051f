/** What a command is: words for people, and one thing to run. */
import type { Environment } from '../../server/config/index.ts';

/** The terminal, or what stands in for it. */
export interface Face {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly stdout: NodeJS.WritableStream;
  readonly env: Environment;
}

/** What was typed. */
export interface Given {
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  /** Another program and its arguments: what stands behind `--`. */
  readonly inner: readonly string[];
}

export interface OptionSpec {
  /** As commander reads it: `--name <text>`. */
  readonly flags: string;
  readonly about: string;
  readonly required?: boolean;
  /** May be given many times. */
  readonly many?: boolean;
  readonly choices?: readonly string[];
  readonly initial?: string;
}

export interface CommandSpec {
  /** `show <id>` */
  readonly usage: string;
  readonly about: string;
  readonly options?: readonly OptionSpec[];
  /** Whether it is what its noun does when no command is named. */
  readonly isDefault?: boolean;
  /** Without the leading `sojourn`. */
  readonly examples: readonly string[];
  /** Whether it runs another program, which stands behind `--`. */
  readonly runs?: true;
  /** Resolves to the exit code, 0 when undefined. */
  readonly run: (given: Given, face: Face) => Promise<number | undefined>;
}

export interface Noun {
  readonly name: string;
  readonly about: string;
  readonly commands: readonly CommandSpec[];
  readonly nouns?: readonly Noun[];
}

/** An option's text, undefined when it was not given. */
export function text({ options }: Given, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

export function texts({ options }: Given, name: string): readonly string[] {
  const value = options[name];
  return Array.isArray(value) ? value : [];
}

export const flag = ({ options }: Given, name: string): boolean => options[name] === true;
