/** Commands that are one request to the admin API and a way to tell the answer. */
import { readFileSync } from 'node:fs';
import { SojournError } from '../../platform/errors/index.ts';
import {
  type CommandSpec,
  isSet,
  type OptionSpec,
  type ParsedArguments,
  type Terminal,
  text,
} from './command.ts';
import { parseJson, usageError } from './failure.ts';
import type { Json } from './print.ts';
import { parseAnswer, parseBaseUrl, sendRequest } from './server.ts';

export interface AdminRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below /admin/v1. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
}

export interface AdminCommand extends Omit<CommandSpec, 'run'> {
  readonly request: (args: ParsedArguments) => AdminRequest;
  /** The text for people; `{}` stands for an answer without a body. */
  readonly format: (answer: Json, args: ParsedArguments) => string;
  /** The exit code that the answer means, 0 without this. */
  readonly exitCode?: (answer: Json) => number;
}

export const connectionOptions: readonly OptionSpec[] = [
  { flags: '--url <url>', description: 'the admin listener (SOJOURN_ADMIN_URL, or http://127.0.0.1:8081)' },
  { flags: '--token-file <file>', description: 'file with the admin token (else SOJOURN_ADMIN_TOKEN)' },
];

const jsonOption: OptionSpec = { flags: '--json', description: 'print the answer as JSON' };

export function adminCommand({
  request: requestOf,
  format: tell,
  exitCode: exit,
  ...words
}: AdminCommand): CommandSpec {
  return {
    ...words,
    options: [...(words.options ?? []), jsonOption, ...connectionOptions],
    async run(args, terminal) {
      const body = await requestAdmin(requestOf(args), args, terminal);
      const answer = parseAnswer(body);
      if (!isSet(args, 'json')) terminal.out(tell(answer, args));
      else if (body !== '') terminal.out(`${JSON.stringify(answer, null, 2)}\n`);
      return exit?.(answer);
    },
  };
}

/** The base URL of the admin listener. */
export const adminUrl = (args: ParsedArguments, terminal: Terminal): string =>
  parseBaseUrl(
    text(args, 'url') ?? (terminal.env.SOJOURN_ADMIN_URL || 'http://127.0.0.1:8081'),
    text(args, 'url') === undefined ? 'SOJOURN_ADMIN_URL' : '--url',
  );

/** The body of the answer, as it came. */
export async function requestAdmin(
  request: AdminRequest,
  args: ParsedArguments,
  terminal: Terminal,
): Promise<string> {
  const { method, path, query = {}, body } = request;
  const url = new URL(`${adminUrl(args, terminal)}/admin/v1${path}`);
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) url.searchParams.set(name, value);
  const answer = await sendRequest(
    {
      method,
      url: url.href,
      headers: {
        authorization: `Bearer ${adminToken(args, terminal)}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    },
    '--url',
  ).catch((error: unknown) => {
    throw error instanceof SojournError && error.code === 'unauthorized' ? invalidToken(error) : error;
  });
  return answer.body;
}

/** The server's own advice is for programs that send the header themselves. */
const invalidToken = (cause: SojournError) =>
  new SojournError('unauthorized', {
    detail: 'The server does not take this admin token.',
    advice:
      'Set SOJOURN_ADMIN_TOKEN to the one that this server showed at its first start or was started with.',
    cause,
  });

function adminToken(args: ParsedArguments, terminal: Terminal): string {
  const file = text(args, 'tokenFile');
  const token =
    file === undefined ? terminal.env.SOJOURN_ADMIN_TOKEN : readTextFile(file, '--token-file').trim();
  if (token && /^[\x21-\x7e]+$/.test(token)) return token;
  throw usageError('There is no admin token: set SOJOURN_ADMIN_TOKEN, or name a file with --token-file.');
}

/** The text of a file that an option names. */
export function readTextFile(file: string, option: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw usageError(`${option} ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

/** The value of an option that holds JSON. */
export function parseJsonOption(value: string, option: string): unknown {
  const parsed = parseJson(value);
  if (parsed === undefined) throw usageError(`${option} does not hold JSON.`);
  return parsed;
}

/** A path in which every value is one segment, whatever it holds. Throws where a URL would make none of it. */
export function apiPath(parts: TemplateStringsArray, ...values: readonly (string | undefined)[]): string {
  const segments = values.map((value = '') => {
    // `secrets/..` would be the client itself (RFC 3986 section 5.2.4), and a deletion would hit that.
    if (['', '.', '..'].includes(value)) throw usageError(`"${value}" is no name of anything.`);
    return encodeURIComponent(value);
  });
  return String.raw({ raw: parts }, ...segments);
}

export const itemsOf = (answer: Json): readonly Json[] =>
  Array.isArray(answer.items) ? (answer.items as Json[]) : [];

/** What goes behind a list that has more pages. */
export const nextPageHint = (answer: Json, option: string): string =>
  typeof answer.next === 'string' ? `There are more: ${option} ${answer.next}\n` : '';

export const pageOptions: readonly OptionSpec[] = [
  { flags: '--after <id>', description: 'continue behind this id' },
  { flags: '--limit <count>', description: 'how many at most' },
];

export const pageQuery = (args: ParsedArguments) => ({
  after: text(args, 'after'),
  limit: text(args, 'limit'),
});
