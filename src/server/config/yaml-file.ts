/** The file: small, plain YAML. What YAML can do beyond that (aliases, tags, many documents) is refused. */
import { readFile } from 'node:fs/promises';
import { isAlias, isNode, LineCounter, parseDocument, visit } from 'yaml';
import { type Fault, SojournError } from '../../platform/errors/index.ts';
import { invalid } from './invalid.ts';
import type { Path } from './setting.ts';

export interface YamlFile {
  readonly raw: unknown;
  /** `config/sojourn.yaml:12`, or undefined for what does not stand in the file. */
  readonly lineOf: (path: Path) => string | undefined;
}

const defaultMaxBytes = 64 * 1024;

/** Our own words for the parser's codes: its messages may repeat a part of the file, which may be a password. */
const words: Readonly<Record<string, string>> = {
  BAD_INDENT: 'the indentation does not fit',
  DUPLICATE_KEY: 'the same key stands here twice',
  MULTIPLE_DOCS: 'a second document begins here',
  TAB_AS_INDENT: 'tabs cannot indent',
  TAG_RESOLVE_FAILED: 'tags are not read',
};

/** Rejects with `config_invalid` when the file cannot be read or is not plain YAML. */
export async function readYamlFile(file: string, maxBytes = defaultMaxBytes): Promise<YamlFile> {
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw invalid([{ path: file, message: `cannot be read (${cause.code ?? 'unknown reason'})` }], cause);
  });
  if (bytes.length > maxBytes) throw invalid([{ path: file, message: `is over ${maxBytes / 1024} KB` }]);
  try {
    return parse(new TextDecoder('utf8', { fatal: true }).decode(bytes), file);
  } catch (cause) {
    if (cause instanceof SojournError) throw cause;
    throw invalid([{ path: file, message: 'is not text that can be read as YAML' }], cause);
  }
}

function parse(text: string, file: string): YamlFile {
  const lines = new LineCounter();
  const at = (offset: number) => `${file}:${lines.linePos(offset).line}`;
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    stringKeys: true,
    version: '1.2',
    merge: false,
  });
  const faults: Fault[] = [...document.errors, ...document.warnings].map(({ code, pos }) => ({
    path: at(pos[0]),
    message: words[code] ?? `is not valid YAML (${code})`,
  }));
  visit(document, {
    Node: (_, node) => {
      if (isAlias(node) || ('anchor' in node && node.anchor))
        faults.push({ path: at(node.range?.[0] ?? 0), message: 'anchors and aliases are not read' });
    },
  });
  if (faults.length > 0) throw invalid(faults.slice(0, 20));
  return {
    raw: document.toJS({ maxAliasCount: 0 }),
    lineOf(path) {
      const node = document.getIn(path, true);
      return isNode(node) && node.range ? at(node.range[0]) : undefined;
    },
  };
}
