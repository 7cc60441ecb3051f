/** Parts of the configuration that `sojourn config` prints for a tool. */
import type { ToolConnection, ToolOptions } from './contract/programs.ts';
import { shellWord } from './encode/shell.ts';

/** The command with which a tool fetches credentials. */
export const credentialsCommand = (
  { command, issuer, purpose }: ToolOptions,
  { id }: ToolConnection,
  format: string,
): string => {
  const options = Object.entries({ issuer, purpose }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  );
  return [command, 'credentials', id, '--format', format, ...options].join(' ');
};

export const shellVariables = (all: Readonly<Record<string, string>>): string =>
  Object.entries(all)
    .map(([name, value]) => `export ${name}=${shellWord(value)}\n`)
    .join('');

export const stringOrEmpty = (value: unknown): string => (typeof value === 'string' ? value : '');
