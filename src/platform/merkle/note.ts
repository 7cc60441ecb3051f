/** Signed notes: a text and its signatures (C2SP signed-note). */
import { SojournError } from '../errors/index.ts';
import { base64Bytes } from './base64.ts';

export interface Note {
  /** Ends with a newline. Not to be trusted before `verifyNote`. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface NoteSignature {
  /** Of the key. */
  readonly name: string;
  /** 8 hexadecimal digits. */
  readonly keyId: string;
  readonly signature: Uint8Array;
}

/** Room for the 16 signatures that a verifier must accept, of 5 kB each. */
const maxCharacters = 128 * 1024;
const signatureLine = /^— ([^\s+]+) (\S+)$/u;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the format forbids them
const controlCharacter = /[\u0000-\u0009\u000b-\u001f]/;

export const formatNote = (text: string, { name, keyId, signature }: NoteSignature): string =>
  `${text}\n— ${name} ${Buffer.concat([Buffer.from(keyId, 'hex'), signature]).toString('base64')}\n`;

/** @throws {SojournError} `checkpoint_invalid` */
export function parseNote(note: string): Note {
  if (note.length > maxCharacters) throw invalid(`is longer than ${maxCharacters} characters`);
  if (!note.isWellFormed() || controlCharacter.test(note)) throw invalid('has characters that no note has');
  // The last empty line separates the text from the signatures.
  const end = note.lastIndexOf('\n\n');
  if (end < 1) throw invalid('has no empty line before its signatures');
  if (!note.endsWith('\n') || note.length === end + 2) throw invalid('does not end with a signature');
  const lines = note.slice(end + 2, -1).split('\n');
  return { text: note.slice(0, end + 1), signatures: lines.map(parseSignature) };
}

function parseSignature(line: string): NoteSignature {
  const [, name, encoded = ''] = signatureLine.exec(line) ?? [];
  const bytes = base64Bytes(encoded);
  if (name === undefined || bytes === undefined || bytes.length < 5)
    throw invalid('has a line after the empty line that is not a signature');
  return { name, keyId: bytes.subarray(0, 4).toString('hex'), signature: bytes.subarray(4) };
}

const invalid = (fault: string) =>
  new SojournError('checkpoint_invalid', { detail: `The checkpoint ${fault}.` });
