/** The text of a checkpoint: origin, size and root of a log (C2SP tlog-checkpoint). */
import { SojournError } from '../errors/index.ts';
import { base64Bytes } from './base64.ts';
import { hashBytes } from './hash.ts';

export interface Checkpoint {
  /** The name of the log, and of the key that signs its checkpoints. */
  readonly origin: string;
  /** The number of leaves. */
  readonly size: number;
  readonly root: Uint8Array;
  /** More lines that the signature covers. */
  readonly extensions: readonly string[];
}

const maxExtensions = 16;

/** The text to sign. */
export const formatCheckpoint = ({ origin, size, root, extensions }: Checkpoint): string =>
  [origin, size, Buffer.from(root).toString('base64'), ...extensions, ''].join('\n');

/**
 * Reads the text of a note.
 * @throws {SojournError} `checkpoint_invalid`
 */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = '', size = '', root = '', ...extensions] = text.replace(/\n$/, '').split('\n');
  const bytes = base64Bytes(root);
  if (origin === '') throw invalid('has no origin');
  if (!/^(0|[1-9]\d{0,15})$/.test(size) || !Number.isSafeInteger(Number(size)))
    throw invalid('has no valid size in its second line');
  if (bytes?.length !== hashBytes) throw invalid('has no valid root in its third line');
  if (extensions.length > maxExtensions || extensions.includes(''))
    throw invalid('has empty or too many lines after its root');
  return { origin, size: Number(size), root: bytes, extensions };
}

const invalid = (fault: string) =>
  new SojournError('checkpoint_invalid', { detail: `The checkpoint ${fault}.` });
