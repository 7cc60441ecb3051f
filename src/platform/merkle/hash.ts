/** The hashes of the tree (RFC 6962 section 2.1), with SHA-256. */
import { hash } from 'node:crypto';

export const hashBytes = 32;

/** Through a binary string: 0.8 µs, while a digest as a Buffer costs 1.1 to 2 µs, because each has memory of its own. */
export const sha256 = (data: Uint8Array): Uint8Array => Buffer.from(hash('sha256', data, 'binary'), 'latin1');

/** The root of a tree without leaves. */
export const emptyRoot: Uint8Array = sha256(new Uint8Array());

/** The prefixes differ, so that no leaf can be presented as an inner node. */
const leafPrefix = Uint8Array.of(0x00);
const node = new Uint8Array(1 + 2 * hashBytes).fill(0x01, 0, 1);

export const leafHash = (data: Uint8Array): Uint8Array => sha256(Buffer.concat([leafPrefix, data]));

export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  node.set(left, 1);
  node.set(right, 1 + hashBytes);
  return sha256(node);
}

/** The root over consecutive hashes, at least one, which are roots of equally large trees; the last one may be smaller. */
export function treeRoot(hashes: Uint8Array): Uint8Array {
  let level = hashes;
  while (level.length > hashBytes) {
    const width = Math.ceil(level.length / (2 * hashBytes));
    const above = new Uint8Array(width * hashBytes);
    for (let i = 0; i < width; i++) {
      const pair = level.subarray(i * 2 * hashBytes, (i + 1) * 2 * hashBytes);
      // The last hash without a partner is the root of the right part, which is one level higher.
      if (pair.length === hashBytes) above.set(pair, i * hashBytes);
      else {
        node.set(pair, 1);
        above.set(sha256(node), i * hashBytes);
      }
    }
    level = above;
  }
  return level;
}
