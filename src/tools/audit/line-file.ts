/**
 * Files with lines of the audit log and the proofs that they are in it: compressed lines of JSON. The first one has the
 * checkpoint, the last one the count. An archive proves whole tiles, an export each line, because its lines are few.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import { SojournError } from '../../platform/errors/index.ts';
import { hashBytes, tileWidth } from '../../platform/merkle/index.ts';

const hashes = z.base64().transform((text) => Buffer.from(text, 'base64'));
const hash = hashes.refine((bytes) => bytes.length === hashBytes);
const count = z.int().min(0);

const header = z.strictObject({
  sojourn_audit: z.literal(1),
  kind: z.enum(['archive', 'export']),
  created_at: z.iso.datetime(),
  /** The tenant of all lines of an export. */
  tenant: z.string().optional(),
  /** Signed; the proofs lead to it. */
  checkpoint: z.string(),
});

const tile = z.strictObject({
  tile: count,
  hashes: hashes.refine(
    ({ length }) => length % hashBytes === 0 && length > 0 && length <= hashBytes * tileWidth,
  ),
  proof: z.array(hash),
});

const line = z.strictObject({
  line: count.min(1),
  at: z.int(),
  salt: hashes,
  /** Canonical JSON of the entry. */
  text: z.string(),
  proof: z.array(hash).optional(),
});

const trailer = z.strictObject({
  count,
  first: count.nullable(),
  last: count.nullable(),
  /** SHA-256 of everything before this line, in hexadecimal. */
  sha256: z.string(),
});

const item = z.union([line, tile, trailer, header]);

export type FileHeader = z.infer<typeof header>;
export type FileLine = z.infer<typeof line>;
export type FileTile = z.infer<typeof tile>;
export type FileTrailer = z.infer<typeof trailer>;

/** As the writer passes them: hashes in base64. */
export type WrittenItem = z.input<typeof tile> | z.input<typeof line>;

/** The text of a file, with its trailer. */
export async function* fileText(
  first: FileHeader,
  items: AsyncIterable<WrittenItem>,
): AsyncGenerator<string> {
  const digest = createHash('sha256');
  const format = (value: object) => {
    const text = `${JSON.stringify(value)}\n`;
    digest.update(text);
    return text;
  };
  yield format(first);
  const range: Omit<FileTrailer, 'sha256'> = { count: 0, first: null, last: null };
  for await (const value of items) {
    if ('line' in value)
      Object.assign(range, { count: range.count + 1, first: range.first ?? value.line, last: value.line });
    yield format(value);
  }
  yield `${JSON.stringify({ ...range, sha256: digest.digest('hex') })}\n`;
}

/** Longer than any line of the log. */
const maxCharacters = 4 * 1024 * 1024;

export type FileItem =
  | { readonly type: 'header'; readonly value: FileHeader }
  | { readonly type: 'tile'; readonly value: FileTile }
  | { readonly type: 'line'; readonly value: FileLine }
  /** `sha256` is that of what precedes it. */
  | { readonly type: 'trailer'; readonly value: FileTrailer; readonly sha256: string };

export interface LineFile {
  readonly items: AsyncGenerator<FileItem>;
  /** SHA-256 of the whole file, after its last item. */
  sha256(): string;
}

/** @throws {SojournError} `state_unusable`, while items are read, if the file cannot be read or has another form */
export function readLineFile(path: string): LineFile {
  const whole = createHash('sha256');
  async function* items(): AsyncGenerator<FileItem> {
    const digest = createHash('sha256');
    let number = 0;
    for await (const text of textLines(path, (chunk) => whole.update(chunk))) {
      number++;
      const parsed = item.safeParse(parseJson(text));
      if (!parsed.success) throw unreadable(path, `its line ${number} has another form`);
      const { data } = parsed;
      if ('line' in data) yield { type: 'line', value: data };
      else if ('tile' in data) yield { type: 'tile', value: data };
      else if ('count' in data) yield { type: 'trailer', value: data, sha256: digest.copy().digest('hex') };
      else yield { type: 'header', value: data };
      digest.update(`${text}\n`);
    }
  }
  return { items: items(), sha256: () => whole.digest('hex') };
}

async function* textLines(path: string, onChunk: (chunk: Uint8Array) => void): AsyncGenerator<string> {
  const compressed = createReadStream(path);
  const text = createGunzip();
  compressed.on('data', (chunk) => onChunk(chunk as Buffer));
  compressed.on('error', (error) => text.destroy(error));
  compressed.pipe(text).setEncoding('utf8');
  let rest = '';
  try {
    for await (const chunk of text) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop()!;
      if (rest.length > maxCharacters) throw unreadable(path, 'a line is too long');
      yield* lines;
    }
  } catch (cause) {
    if (cause instanceof SojournError) throw cause;
    throw unreadable(path, `${(cause as NodeJS.ErrnoException).code ?? 'unknown error'}`, cause);
  } finally {
    compressed.destroy();
  }
  if (rest !== '') throw unreadable(path, 'its last line is incomplete');
}

/** Undefined if it is not written as `fileText` writes it: another reader could take another one of two members with one name. */
function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return JSON.stringify(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}

const unreadable = (path: string, reason: string, cause?: unknown) =>
  new SojournError('state_unusable', {
    detail: `${path} is not a complete archive or export of an audit log: ${reason}.`,
    advice: 'Get the file again from where it was written.',
    cause,
  });
