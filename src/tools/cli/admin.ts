/** Commands that send one request to the admin API and print the response. */
import { SojournError } from '../../platform/errors/index.ts';
import { readFileWithin } from '../../platform/files/index.ts';
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
import { baseUrlFrom, parseAnswer, sendRequest } from './server.ts';

export interface AdminRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below /admin/v1. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
}

export interface AdminCommand<Answer extends object> extends Omit<CommandSpec, 'run'> {
  readonly request: (args: ParsedArguments) => AdminRequest;
  /** The text for people. The argument is `{}` if the response has no body. */
  readonly format: (answer: Answer, args: ParsedArguments) => string;
  /** The exit code for the response; 0 by default. */
  readonly exitCode?: (answer: Answer) => number;
  /** The error to report instead of a refusal by the server. */
  readonly refine?: (refusal: SojournError, args: ParsedArguments) => SojournError;
}

export const connectionOptions: readonly OptionSpec[] = [
  {
    flags: '--url <url>',
    description: 'URL of the admin API (SOJOURN_ADMIN_URL; default http://127.0.0.1:8081)',
  },
  { flags: '--token-file <file>', description: 'file with the admin token (SOJOURN_ADMIN_TOKEN)' },
];

const jsonOption: OptionSpec = { flags: '--json', description: 'print JSON' };

export function adminCommand<Answer extends object = Json>({
  request: requestOf,
  format: tell,
  exitCode: exit,
  refine,
  ...words
}: AdminCommand<Answer>): CommandSpec {
  return {
    ...words,
    options: [...(words.options ?? []), jsonOption, ...connectionOptions],
    async run(args, terminal) {
      const body = await requestAdmin(requestOf(args), args, terminal).catch((error: unknown) => {
        throw refine && error instanceof SojournError ? refine(error, args) : error;
      });
      const answer = parseAnswer<Answer>(body);
      if (!isSet(args, 'json')) terminal.out(tell(answer, args));
      else if (body !== '') terminal.out(`${JSON.stringify(answer, null, 2)}\n`);
      return exit?.(answer);
    },
  };
}

/** The base URL of the admin listener. */
export const adminUrl = (args: ParsedArguments, terminal: Terminal): string =>
  baseUrlFrom(
    text(args, 'url') ?? (terminal.env.SOJOURN_ADMIN_URL || 'http://127.0.0.1:8081'),
    text(args, 'url') === undefined ? 'SOJOURN_ADMIN_URL' : '--url',
  );

/** Sends a request to the admin API and resolves to the body of the response. */
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

/** Replaces the server's advice, which is for programs that set the header themselves. */
const invalidToken = (cause: SojournError) =>
  new SojournError('unauthorized', {
    detail: 'The server rejects this admin token.',
    advice:
      'Set SOJOURN_ADMIN_TOKEN to the token that `sojourn init` showed, or with which this server was started.',
    cause,
  });

function adminToken(args: ParsedArguments, terminal: Terminal): string {
  const file = text(args, 'tokenFile');
  const token =
    file === undefined ? terminal.env.SOJOURN_ADMIN_TOKEN : readTextFile(file, '--token-file').trim();
  if (token && /^[\x21-\x7e]+$/.test(token)) return token;
  throw usageError('The admin token is missing. Set SOJOURN_ADMIN_TOKEN, or give a file with --token-file.');
}

/** No request of the admin API may be larger. */
const maxFileBytes = 1024 * 1024;

/** Reads the file in an option as text: UTF-8, or UTF-16 with a byte order mark, which PowerShell writes. */
export function readTextFile(file: string, option: string): string {
  const result = readFileWithin(file, { maxBytes: maxFileBytes, allowPipes: true });
  if ('fault' in result) throw usageError(`${option} ${file} ${result.fault}.`);
  const { bytes } = result;
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  return new TextDecoder().decode(bytes);
}

/** Parses an option whose value is JSON. */
export function parseJsonOption(value: string, option: string): unknown {
  const parsed = parseJson(value);
  if (parsed === undefined) throw usageError(`${option} is not valid JSON.`);
  return parsed;
}

/** A path of the API in which each value is exactly one segment. Throws a usage error for values that URLs normalize away. */
export function apiPath(parts: TemplateStringsArray, ...values: readonly (string | undefined)[]): string {
  const segments = values.map((value = '') => {
    // `secrets/..` would become the client itself (RFC 3986 section 5.2.4), and a DELETE would delete the client.
    if (['', '.', '..'].includes(value)) throw usageError(`"${value}" is not an id.`);
    return encodeURIComponent(value);
  });
  return String.raw({ raw: parts }, ...segments);
}

export function itemsOf<Item extends object>(answer: { readonly items: readonly Item[] }): readonly Item[];
export function itemsOf(answer: Json): readonly Json[];
export function itemsOf({ items }: { readonly items?: unknown }): readonly unknown[] {
  return Array.isArray(items) ? items : [];
}

/** The line below a list that has more pages. */
export const nextPageHint = ({ next }: { readonly next?: unknown }, option: string): string =>
  typeof next === 'string' ? `Next page: ${option} ${next}\n` : '';

export const pageOptions: readonly OptionSpec[] = [
  { flags: '--after <id>', description: 'continue after this id' },
  { flags: '--limit <count>', description: 'maximum number of items' },
];

export const pageQuery = (args: ParsedArguments) => ({
  after: text(args, 'after'),
  limit: text(args, 'limit'),
});
