/** Verifies an archive or an export against the published key alone, without a store. */
import { type AuditCheckpoint, leafOf, openCheckpoint } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { hashBytes, tileWidth, type VerifierKey, verifyInclusion } from '../../platform/merkle/index.ts';
import { type Fault, lineFault, logFault } from './fault.ts';
import { type FileHeader, type FileLine, type FileTile, readLineFile } from './line-file.ts';
import { rootOfTile } from './tree-check.ts';

export interface FileVerification {
  readonly verified: boolean;
  readonly file: string;
  readonly kind: 'archive' | 'export' | null;
  readonly tenant: string | null;
  readonly origin: string | null;
  /** The lines of the log that the checkpoint covers. */
  readonly sealed: number;
  readonly lines: number;
  readonly first: number | null;
  readonly last: number | null;
  readonly sha256: string | null;
  readonly fault: Fault | null;
}

export interface VerifyFileOptions {
  readonly key: VerifierKey;
  /** Called with each line that its proof confirms; may say what else is wrong with it. */
  readonly onLine?: (line: FileLine, leaf: Uint8Array) => Promise<Fault | undefined>;
}

export async function verifyFile(
  file: string,
  { key, onLine }: VerifyFileOptions,
): Promise<FileVerification> {
  const answer = {
    ...{ verified: false, file, kind: null, tenant: null, origin: null, sealed: 0, sha256: null },
    ...{ lines: 0, first: null, last: null },
  };
  const { items, sha256 } = readLineFile(file);
  let check: FileCheck | undefined;
  const failed = (fault: Fault): FileVerification => ({ ...answer, ...check?.found, fault });
  try {
    for await (const item of items) {
      if (item.type === 'header') {
        if (check) return failed(wrongOrder);
        check = new FileCheck(item.value, openCheckpoint(item.value.checkpoint, key));
        continue;
      }
      if (!check || check.isComplete) return failed(wrongOrder);
      if (item.type === 'tile') {
        const fault = check.tile(item.value);
        if (fault) return failed(fault);
      } else if (item.type === 'line') {
        const { leaf, fault } = check.line(item.value);
        if (fault) return failed(fault);
        const further = await onLine?.(item.value, leaf);
        if (further) return failed(further);
      } else {
        const { count, first, last } = item.value;
        const { found } = check;
        const isRight = count === found.lines && first === found.first && last === found.last;
        if (!isRight || item.value.sha256 !== item.sha256)
          return failed(
            logFault(
              'file',
              `${file} was changed: its end counts ${count} lines from ${first} to ${last}, and it has ${found.lines} from ${found.first} to ${found.last}, or its SHA-256 differs.`,
            ),
          );
        check.isComplete = true;
      }
    }
  } catch (error) {
    if (!(error instanceof SojournError)) throw error;
    const kind = error.code === 'checkpoint_invalid' ? 'checkpoint' : 'file';
    return failed(logFault(kind, error.message, error.advice));
  }
  if (!check?.isComplete) return failed(logFault('file', `${file} is truncated: its end is missing.`));
  return { ...answer, ...check.found, verified: true, sha256: sha256(), fault: null };
}

const wrongOrder = logFault(
  'file',
  'The file is not in the order of an archive or export: someone changed it.',
);

class FileCheck {
  isComplete = false;
  readonly #header: FileHeader;
  readonly #checkpoint: AuditCheckpoint;
  readonly found: {
    readonly kind: 'archive' | 'export';
    readonly tenant: string | null;
    readonly origin: string;
    readonly sealed: number;
    lines: number;
    first: number | null;
    last: number | null;
  };
  #tile: FileTile | undefined;

  constructor(header: FileHeader, checkpoint: AuditCheckpoint) {
    this.#header = header;
    this.#checkpoint = checkpoint;
    const { kind, tenant = null } = header;
    const { origin, size } = checkpoint;
    this.found = { kind, tenant, origin, sealed: size, lines: 0, first: null, last: null };
  }

  tile(tile: FileTile): Fault | undefined {
    const { size, root } = this.#checkpoint;
    const start = tile.tile * tileWidth;
    const isProven =
      tile.hashes.length === Math.min(tileWidth, size - start) * hashBytes &&
      verifyInclusion({
        index: tile.tile,
        size: Math.ceil(size / tileWidth),
        leafHash: rootOfTile(tile.hashes),
        root,
        proof: tile.proof,
      });
    if (!isProven)
      return logFault(
        'hashes',
        `The hashes of the lines from ${start + 1} on are not those of the checkpoint: they, or the lines with them, were changed.`,
      );
    this.#tile = tile;
    return undefined;
  }

  line(line: FileLine): { readonly leaf: Uint8Array; readonly fault?: Fault } {
    const { found } = this;
    const leaf = leafOf(line);
    const fault = (kind: Fault['kind'], says: string) => ({
      leaf,
      fault: lineFault(kind, line.line, line.at, says),
    });
    if (found.last !== null && line.line <= found.last)
      return fault('moved', `is at the wrong place: it follows line ${found.last}`);
    if (!this.#isProven(line, leaf))
      return fault('edited', 'was edited: its number, time, text or salt is not what was sealed');
    if (found.tenant !== null && tenantOf(line.text) !== found.tenant)
      return fault('added', 'belongs to another tenant than the export');
    found.lines++;
    found.first ??= line.line;
    found.last = line.line;
    return { leaf };
  }

  #isProven({ line, proof }: FileLine, leaf: Uint8Array): boolean {
    const { size, root } = this.#checkpoint;
    if (this.#header.kind === 'export')
      return verifyInclusion({ index: line - 1, size, leafHash: leaf, root, proof: proof ?? [] });
    if (!this.#tile || proof) return false;
    const start = (line - 1 - this.#tile.tile * tileWidth) * hashBytes;
    return start >= 0 && this.#tile.hashes.subarray(start, start + hashBytes).equals(leaf);
  }
}

function tenantOf(text: string): unknown {
  return (JSON.parse(text) as { readonly tenant?: unknown }).tenant;
}
