/**
 * The checkpoint of the audit log: size and root of its tree, and in two more lines the number of accepted rollbacks and a
 * commitment to marks, which are values outside the log.
 */
import { randomBytes } from 'node:crypto';
import { SojournError } from '../errors/index.ts';
import {
  type Checkpoint,
  formatCheckpoint,
  parseCheckpoint,
  parseNote,
  type VerifierKey,
  verifyNote,
} from '../merkle/index.ts';
import { toCanonicalText } from '../store/index.ts';
import { commitmentOf } from './leaf.ts';

/** What restricts access outside the log, such as the version of the policy: a store that lost it shows an older value. */
export type Marks = Readonly<Record<string, string | number | boolean | null>>;

export interface AuditCheckpoint extends Omit<Checkpoint, 'extensions'> {
  /** How many rollbacks of the store an administrator has accepted. */
  readonly epoch: number;
  /** base64 of SHA-256(salt ‖ canonical JSON of the marks), so that a tenant who sees it learns nothing about them. */
  readonly marks: string;
}

/** The name of the log of an issuer. */
export const auditOrigin = (issuer: string): string => `${issuer.replace(/^https?:\/\//, '')}/audit`;

/** The text to sign. */
export const checkpointText = ({ epoch, marks, ...checkpoint }: AuditCheckpoint): string =>
  formatCheckpoint({ ...checkpoint, extensions: [`epoch ${epoch}`, `marks ${marks}`] });

/** @throws {SojournError} `checkpoint_invalid` */
export function readCheckpoint(text: string): AuditCheckpoint {
  const { extensions, ...checkpoint } = parseCheckpoint(text);
  const lines = /^epoch (0|[1-9]\d{0,8})\nmarks ([A-Za-z0-9+/]{43}=)$/.exec(extensions.join('\n'));
  if (!lines) {
    throw new SojournError('checkpoint_invalid', {
      detail: 'The checkpoint does not have the lines `epoch` and `marks` of an audit log.',
    });
  }
  return { ...checkpoint, epoch: Number(lines[1]), marks: lines[2]! };
}

/**
 * Reads a note and checks that the key signed it.
 * @throws {SojournError} `checkpoint_invalid`
 */
export function openCheckpoint(note: string, key: VerifierKey): AuditCheckpoint {
  const parsed = parseNote(note);
  const checkpoint = readCheckpoint(parsed.text);
  if (checkpoint.origin === key.name && verifyNote(parsed, key)) return checkpoint;
  throw new SojournError('checkpoint_invalid', {
    detail: `The checkpoint of ${checkpoint.origin} has no valid signature of the key ${key.keyId} of ${key.name}.`,
  });
}

/** The marks as the store keeps them, with a new salt, and the commitment to them. */
export function sealMarks(marks: Marks): { readonly sealed: string; readonly commitment: string } {
  const salt = randomBytes(16).toString('base64');
  return { sealed: toCanonicalText({ marks, salt }), commitment: commitmentTo(marks, salt) };
}

/** The marks in the text that the store keeps. */
export const marksIn = (sealed: string): Marks => (JSON.parse(sealed) as { marks: Marks }).marks;

/** Whether a checkpoint with this commitment was made with these marks. */
export function areMarksOf(commitment: string, sealed: string): boolean {
  try {
    const { marks, salt } = JSON.parse(sealed) as { marks: Marks; salt: string };
    return commitmentTo(marks, salt) === commitment;
  } catch {
    return false;
  }
}

const commitmentTo = (marks: Marks, salt: string): string =>
  Buffer.from(commitmentOf(Buffer.from(salt, 'base64'), toCanonicalText(marks))).toString('base64');
