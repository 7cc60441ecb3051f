/** Seals lines: extends the Merkle tree by them, and signs its new checkpoint. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SojournError } from '../errors/index.ts';
import {
  appendLeaves,
  derSignature,
  type Frontier,
  formatNote,
  readFrontier,
  rootOf,
  verifierKey,
} from '../merkle/index.ts';
import type { JournalLog, Seal, SealedLine } from '../store/index.ts';
import type { Now } from '../time/index.ts';
import {
  type AuditCheckpoint,
  areMarksOf,
  checkpointText,
  type Marks,
  openCheckpoint,
  sealMarks,
} from './checkpoint.ts';
import { leafOf } from './leaf.ts';

/** Signs with ES256. */
export interface CheckpointSigner {
  /** The public key; undefined until it was created. */
  readonly jwk: PublicKey | undefined;
  /** r||s (RFC 7518 section 3.4) */
  sign(data: Uint8Array): Promise<{ readonly jwk: PublicKey; readonly signature: Uint8Array }>;
}

type PublicKey = Readonly<Record<string, unknown>>;

export interface SealOptions {
  readonly log: JournalLog;
  readonly signer: CheckpointSigner;
  /** The name of the log until its first checkpoint, which fixes it. */
  readonly origin: string;
  readonly marks: () => Promise<Marks>;
  readonly now: Now;
  /** At least; a rollback that is accepted increases it. */
  readonly epoch?: number;
}

export interface Sealed {
  readonly size: number;
  /** If this call made one. */
  readonly checkpoint?: string;
  readonly more: boolean;
}

/** Lines of one seal, so that a long backlog is sealed step by step. */
const sealBatchSize = 4_096;
/** Reading and hashing these lines blocks the event loop for 2 ms. */
const chunkSize = 256;

/**
 * Seals the next lines, and checks the last checkpoint also if there are none. Resolves to the sealed size, and
 * whether there may be more lines to seal.
 * @throws {SojournError} `journal_damaged` if the tree is not the one of the last checkpoint, or a line is missing; and as the
 * store and the signer do
 */
export async function sealNext(options: SealOptions): Promise<Sealed> {
  const { log, signer, origin, marks, now } = options;
  const last = await log.sealed();
  const size = last?.size ?? 0;
  const before = last && readSeal(last, signer);
  const edge = before ? await checkedFrontier(log, before) : { size, levels: [] };
  const leaves: Uint8Array[] = [];
  while (leaves.length < sealBatchSize) {
    const lines = await log.lines(size + leaves.length, chunkSize);
    for (const line of lines) leaves.push(nextLeaf(line, size + leaves.length + 1));
    if (lines.length < chunkSize) break;
    await nextTurn();
  }
  // Two seals never have the same size, by which the store compares and swaps.
  if (leaves.length === 0) return { size, more: false };

  const { frontier, tiles } = appendLeaves(edge, Buffer.concat(leaves));
  const root = rootOf(frontier);
  const { sealed, commitment } = sealMarks({ ...(await marks()), sealed_at: now() });
  const epoch = Math.max(before?.epoch ?? 0, options.epoch ?? 0);
  const checkpoint = {
    origin: before?.origin ?? origin,
    ...{ size: frontier.size, root, epoch, marks: commitment },
  };
  const next = { size: frontier.size, root, checkpoint: await signed(checkpoint, signer), marks: sealed };
  // Otherwise another process was faster.
  const won = await log.seal(size, next, tiles);
  return won
    ? { size: frontier.size, checkpoint: next.checkpoint, more: leaves.length === sealBatchSize }
    : { size, more: true };
}

function nextLeaf({ sequence, at, salt, text }: SealedLine, expected: number): Uint8Array {
  if (sequence !== expected) throw damaged(`The line ${expected} of the audit log is missing`);
  if (text === undefined)
    throw damaged(`The line ${expected} of the audit log was removed before it was sealed`);
  return leafOf({ at, salt, text });
}

/**
 * The checkpoint of a seal, checked.
 * @throws {SojournError} `journal_damaged`
 */
export function readSeal(seal: Seal, signer: Pick<CheckpointSigner, 'jwk'>): AuditCheckpoint {
  const checkpoint = readSealed(seal, signer);
  if (checkpoint.size !== seal.size || !Buffer.from(checkpoint.root).equals(seal.root))
    throw damaged('The last checkpoint of the audit log is not the one of its size and root');
  return checkpoint;
}

/**
 * A checkpoint with its marks, checked: a seal without the size and root beside it.
 * @throws {SojournError} `journal_damaged`
 */
export function readSealed(
  seal: Pick<Seal, 'checkpoint' | 'marks'>,
  { jwk }: Pick<CheckpointSigner, 'jwk'>,
): AuditCheckpoint {
  const checkpoint = openOwn(seal, jwk);
  if (!areMarksOf(checkpoint.marks, seal.marks))
    throw damaged('The last checkpoint of the audit log does not commit to the marks beside it');
  return checkpoint;
}

function openOwn({ checkpoint }: Pick<Seal, 'checkpoint'>, jwk: PublicKey | undefined): AuditCheckpoint {
  try {
    const [origin = ''] = checkpoint.split('\n', 1);
    if (jwk) return openCheckpoint(checkpoint, verifierKey(origin, jwk));
  } catch (cause) {
    throw damaged('The key of this server did not sign the last checkpoint of the audit log', cause);
  }
  throw damaged('The audit log has a checkpoint, and this server has no key for it');
}

/**
 * Rejects if lines cannot be sealed, before anything is written.
 * @throws {SojournError} `journal_damaged`
 */
export async function assertSealable({ log, signer }: Pick<SealOptions, 'log' | 'signer'>): Promise<void> {
  const last = await log.sealed();
  if (last) await checkedFrontier(log, readSeal(last, signer));
}

/** The right edge of the tree, which gives the root of the checkpoint. */
async function checkedFrontier(log: JournalLog, { size, root }: AuditCheckpoint): Promise<Frontier> {
  const frontier = await readFrontier(size, log.tile);
  if (Buffer.from(rootOf(frontier)).equals(root)) return frontier;
  throw damaged(`The hashes of the audit log do not give the root of its checkpoint of ${size} lines`);
}

async function signed(checkpoint: AuditCheckpoint, signer: CheckpointSigner): Promise<string> {
  const text = checkpointText(checkpoint);
  const { jwk, signature } = await signer.sign(Buffer.from(text));
  const { name, keyId } = verifierKey(checkpoint.origin, jwk);
  return formatNote(text, { name, keyId, signature: derSignature(signature) });
}

const damaged = (fault: string, cause?: unknown) =>
  new SojournError('journal_damaged', { detail: `${fault}.`, cause });
