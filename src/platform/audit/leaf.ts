/**
 * The leaf of a line. It commits to the time and the entry with a random salt, so that a proof that contains the hashes of
 * other lines reveals nothing about them.
 */
import { leafHash, sha256 } from '../merkle/index.ts';
import type { SealedLine } from '../store/index.ts';

/** Canonical JSON (RFC 8785), because the entry is. */
export const lineText = ({ at, text }: { readonly at: number; readonly text: string }): string =>
  `{"at":${at},"entry":${text}}`;

/** SHA-256(salt ‖ text) */
export const commitmentOf = (salt: Uint8Array, text: string): Uint8Array =>
  sha256(Buffer.concat([salt, Buffer.from(text)]));

export const leafOf = (line: Pick<SealedLine, 'at' | 'salt'> & { readonly text: string }): Uint8Array =>
  leafHash(commitmentOf(line.salt, lineText(line)));
