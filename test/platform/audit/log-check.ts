/**
 * Checks a sealed audit log without the server's code: leaves from the lines, the tree by RFC 6962's recursive definitions, the
 * signed note by its format, and its signature with node:crypto.
 */
import { createHash, createPublicKey, generateKeyPairSync, type JsonWebKey, sign, verify } from 'node:crypto';
import type { Store } from '../../../src/platform/store/index.ts';
import { leaf, mth, sha256 } from '../merkle/specification.ts';

export interface CheckedNote {
  readonly origin: string;
  readonly size: number;
  readonly root: string;
  readonly epoch: number;
  readonly marks: string;
}

/** The leaves of all lines in the store. */
export async function leavesOf(store: Store): Promise<Buffer[]> {
  const leaves: Buffer[] = [];
  for (;;) {
    const lines = await store.log.lines(leaves.length, 1_000);
    for (const { at, salt, text } of lines)
      leaves.push(leaf(sha256(Buffer.from(salt), Buffer.from(`{"at":${at},"entry":${text}}`))));
    if (lines.length < 1_000) return leaves;
  }
}

/** Throws unless the key signed the note. */
export function openNote(note: string, jwk: JsonWebKey): CheckedNote {
  const form =
    /^(?<text>(?<origin>\S+)\n(?<size>\d+)\n(?<root>\S+)\nepoch (?<epoch>\d+)\nmarks (?<marks>\S+)\n)\n— (?<name>\S+) (?<signed>\S+)\n$/;
  const parts = form.exec(note)?.groups as Record<string, string> | undefined;
  if (!parts) throw new Error(`not a checkpoint: ${note}`);
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const bytes = Buffer.from(parts.signed!, 'base64');
  const id = createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest()
    .subarray(0, 4);
  if (parts.name !== parts.origin || !bytes.subarray(0, 4).equals(id)) throw new Error('of another key');
  if (!verify('sha256', Buffer.from(parts.text!), key, bytes.subarray(4))) throw new Error('not signed');
  const { origin = '', root = '', marks = '' } = parts;
  return { origin, size: Number(parts.size), root, epoch: Number(parts.epoch), marks };
}

export const rootOf = (leaves: readonly Uint8Array[]): string => Buffer.from(mth(leaves)).toString('base64');

/** Throws unless everything is sealed: the note is signed, and its root and the marks are those in the store. */
export async function expectSealed(store: Store, jwk: JsonWebKey): Promise<CheckedNote> {
  const [leaves, seal] = [await leavesOf(store), await store.log.sealed()];
  if (!seal) throw new Error('nothing is sealed');
  const note = openNote(seal.checkpoint, jwk);
  const { marks, salt } = JSON.parse(seal.marks) as { marks: object; salt: string };
  const commitment = sha256(Buffer.from(salt, 'base64'), Buffer.from(JSON.stringify(marks))).toString(
    'base64',
  );
  const actual = { size: seal.size, root: Buffer.from(seal.root).toString('base64'), marks: commitment };
  const expected = { size: leaves.length, root: rootOf(leaves), marks: note.marks };
  if (
    JSON.stringify(actual) !== JSON.stringify(expected) ||
    note.size !== seal.size ||
    note.root !== actual.root
  )
    throw new Error(`sealed ${JSON.stringify({ ...actual, note })}, not ${JSON.stringify(expected)}`);
  return note;
}

/** An ES256 key that signs as a key backend does. */
export function testSigner() {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = pair.publicKey.export({ format: 'jwk' }) as Record<string, unknown>;
  const state = { signatures: 0, failure: undefined as Error | undefined, hangs: false };
  return {
    jwk,
    state,
    privateKey: pair.privateKey,
    async sign(data: Uint8Array) {
      if (state.hangs) await new Promise(() => undefined);
      if (state.failure) throw state.failure;
      state.signatures++;
      return { jwk, signature: sign('sha256', data, { key: pair.privateKey, dsaEncoding: 'ieee-p1363' }) };
    },
  };
}
