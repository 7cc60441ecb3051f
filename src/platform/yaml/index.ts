/**
 * Small, plain YAML files of an operator. Owns: reading one, and the line of each value for error messages. Does not own: what
 * the file contains. Aliases, tags and multiple documents are rejected.
 */
import { isAlias, isNode, LineCounter, parseDocument, visit } from 'yaml';
import { type Fault, SojournError } from '../errors/index.ts';
import { type FileLimits, readFileWithin } from '../files/index.ts';
import type { Path } from '../settings/index.ts';

export interface YamlFile {
  readonly raw: unknown;
  /** `config/sojourn.yaml:12`, or undefined if the key is not in the file. */
  readonly lineOf: (path: Path) => string | undefined;
}

const defaultMaxBytes = 64 * 1024;

/** Messages for the parser's codes. The parser's own messages may quote the file, which may contain a password. */
const messages: Readonly<Record<string, string>> = {
  BAD_INDENT: 'the indentation is wrong',
  DUPLICATE_KEY: 'the key is repeated',
  MULTIPLE_DOCS: 'must be a single YAML document',
  TAB_AS_INDENT: 'must be indented with spaces, not tabs',
  TAG_RESOLVE_FAILED: 'tags are not supported',
};

/**
 * For a file that a command names, which may be a pipe. Rejects with `config_invalid` if it is unreadable, too large or not plain
 * YAML.
 */
export async function readYamlFile(file: string, maxBytes = defaultMaxBytes): Promise<YamlFile> {
  return parseYaml(readBytes(file, { maxBytes, allowPipes: true }), file, maxBytes);
}

/** Throws `config_invalid` if the file is unreadable or too large, or a pipe where none is allowed. */
export function readBytes(file: string, limits: Partial<FileLimits> = {}): Uint8Array {
  const result = readFileWithin(file, { maxBytes: defaultMaxBytes, ...limits });
  if ('bytes' in result) return result.bytes;
  throw invalidFile([{ path: file, message: result.fault }]);
}

/** Throws `config_invalid` if the content is not plain YAML. */
export function parseYaml(bytes: Uint8Array, file: string, maxBytes = defaultMaxBytes): YamlFile {
  if (bytes.length > maxBytes)
    throw invalidFile([{ path: file, message: `is larger than ${maxBytes / 1024} KB` }]);
  try {
    return parse(new TextDecoder('utf8', { fatal: true }).decode(bytes), file);
  } catch (cause) {
    if (cause instanceof SojournError) throw cause;
    throw invalidFile([{ path: file, message: 'is not a YAML text file' }], cause);
  }
}

/** The error for an invalid file; it names every fault. */
export function invalidFile(faults: readonly Fault[], cause?: unknown): SojournError {
  return new SojournError('config_invalid', {
    detail: faults.map(({ path, message }) => `${path}: ${message}`).join('; '),
    faults,
    cause,
  });
}

function parse(text: string, file: string): YamlFile {
  const lines = new LineCounter();
  const locationOf = (offset: number) => `${file}:${lines.linePos(offset).line}`;
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    stringKeys: true,
    version: '1.2',
    merge: false,
  });
  const faults: Fault[] = [...document.errors, ...document.warnings].map(({ code, pos }) => ({
    path: locationOf(pos[0]),
    message: messages[code] ?? `is not valid YAML (${code})`,
  }));
  visit(document, {
    Node: (_, node) => {
      if (isAlias(node) || ('anchor' in node && node.anchor))
        faults.push({
          path: locationOf(node.range?.[0] ?? 0),
          message: 'anchors and aliases are not supported',
        });
    },
  });
  if (faults.length > 0) throw invalidFile(faults.slice(0, 20));
  return {
    raw: document.toJS({ maxAliasCount: 0 }),
    lineOf(path) {
      const node = document.getIn(path, true);
      return isNode(node) && node.range ? locationOf(node.range[0]) : undefined;
    },
  };
}
