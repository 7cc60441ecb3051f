/** What a command is: words for people, and one thing to run. */
import type { Environment } from '../../server/config/index.ts';

/** The terminal, or what stands in for it. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly stdout: NodeJS.WritableStream;
  readonly env: Environment;
}

/** What was typed. */
export interface ParsedArguments {
  readonly positionals: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  /** Another program and its arguments: what stands behind `--`. */
  readonly childCommand: readonly string[];
}

export interface OptionSpec {
  /** As commander reads it: `--name <text>`. */
  readonly flags: string;
  readonly description: string;
  readonly required?: boolean;
  /** May be given many times. */
  readonly repeatable?: boolean;
  readonly choices?: readonly string[];
  readonly defaultValue?: string;
}

export interface CommandSpec {
  /** `show <id>` */
  readonly usage: string;
  readonly description: string;
  readonly options?: readonly OptionSpec[];
  /** Whether it is what its noun does when no command is named. */
  readonly isDefault?: boolean;
  /** Without the leading `sojourn`. */
  readonly examples: readonly string[];
  /** Whether it runs another program, which stands behind `--`. */
  readonly runsProgram?: true;
  /** Resolves to the exit code, 0 when undefined. */
  readonly run: (args: ParsedArguments, terminal: Terminal) => Promise<number | undefined>;
}

export interface CommandGroup {
  readonly name: string;
  readonly description: string;
  readonly commands: readonly CommandSpec[];
  readonly groups?: readonly CommandGroup[];
}

/** An option's text, undefined when it was not given. */
export function text({ options }: ParsedArguments, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

export function texts({ options }: ParsedArguments, name: string): readonly string[] {
  const value = options[name];
  return Array.isArray(value) ? value : [];
}

export const isSet = ({ options }: ParsedArguments, name: string): boolean => options[name] === true;
