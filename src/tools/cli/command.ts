/** Types of commands and of their parsed arguments. */
import type { Environment } from '../../server/config/index.ts';

/** Output streams and environment of a command; tests substitute their own. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly stdout: NodeJS.WritableStream;
  readonly env: Environment;
}

/** The command line after parsing. */
export interface ParsedArguments {
  readonly positionals: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  /** The program after `--`, with its arguments. */
  readonly childCommand: readonly string[];
}

export interface OptionSpec {
  /** In commander's syntax: `--name <text>`. */
  readonly flags: string;
  readonly description: string;
  readonly required?: boolean;
  /** May occur more than once. */
  readonly repeatable?: boolean;
  readonly choices?: readonly string[];
  readonly defaultValue?: string;
}

export interface CommandSpec {
  /** `show <id>` */
  readonly usage: string;
  /** One short phrase, also shown in the list of commands. */
  readonly description: string;
  /** Lines of the command's own help, above the examples: exit codes, environment variables. */
  readonly notes?: readonly string[];
  readonly options?: readonly OptionSpec[];
  /** Whether its group runs it if no command is given. */
  readonly isDefault?: boolean;
  /** Example command lines without the leading `sojourn`. */
  readonly examples: readonly string[];
  /** Whether it runs another program, given after `--`. */
  readonly runsProgram?: true;
  /** Resolves to the exit code; undefined means 0. */
  readonly run: (args: ParsedArguments, terminal: Terminal) => Promise<number | undefined>;
}

export interface CommandGroup {
  readonly name: string;
  readonly description: string;
  readonly commands: readonly CommandSpec[];
  readonly groups?: readonly CommandGroup[];
}

/** The value of an option; undefined if it is absent. */
export function text({ options }: ParsedArguments, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** The values of a repeatable option. */
export function texts({ options }: ParsedArguments, name: string): readonly string[] {
  const value = options[name];
  return Array.isArray(value) ? value : [];
}

export const isSet = ({ options }: ParsedArguments, name: string): boolean => options[name] === true;
