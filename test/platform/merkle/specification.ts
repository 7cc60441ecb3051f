/**
 * The Merkle tree of RFC 6962 section 2.1, written from the recursive definitions alone, over the hashes of all leaves. It
 * shares no code with the server.
 */
import { createHash } from 'node:crypto';

export const sha256 = (...parts: Uint8Array[]): Buffer =>
  createHash('sha256').update(Buffer.concat(parts)).digest();

export const leaf = (data: Uint8Array): Buffer => sha256(Buffer.of(0), data);
const inner = (left: Uint8Array, right: Uint8Array): Buffer => sha256(Buffer.of(1), left, right);

/** The largest power of two smaller than n. */
const split = (n: number): number => {
  let k = 1;
  while (k + k < n) k += k;
  return k;
};

/** MTH(D[n]) of leaf hashes. */
export function mth(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return leaves[0]!;
  const k = split(leaves.length);
  return inner(mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}

/** PATH(m, D[n]) */
export function path(m: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  return m < k
    ? [...path(m, leaves.slice(0, k)), mth(leaves.slice(k))]
    : [...path(m - k, leaves.slice(k)), mth(leaves.slice(0, k))];
}

/** PROOF(m, D[n]) for 0 < m < n */
export const proof = (m: number, leaves: readonly Uint8Array[]): Uint8Array[] => subproof(m, leaves, true);

function subproof(m: number, leaves: readonly Uint8Array[], complete: boolean): Uint8Array[] {
  if (m === leaves.length) return complete ? [] : [mth(leaves)];
  const k = split(leaves.length);
  return m <= k
    ? [...subproof(m, leaves.slice(0, k), complete), mth(leaves.slice(k))]
    : [...subproof(m - k, leaves.slice(k), false), mth(leaves.slice(0, k))];
}

/** The root that an inclusion proof leads to; undefined if it has the wrong length. */
export function rootOfPath(
  m: number,
  n: number,
  hash: Uint8Array,
  nodes: readonly Uint8Array[],
): Uint8Array | undefined {
  if (n === 1) return nodes.length === 0 ? hash : undefined;
  const last = nodes.at(-1);
  if (!last) return undefined;
  const k = split(n);
  const below =
    m < k ? rootOfPath(m, k, hash, nodes.slice(0, -1)) : rootOfPath(m - k, n - k, hash, nodes.slice(0, -1));
  return below && (m < k ? inner(below, last) : inner(last, below));
}

/** The two roots that a consistency proof leads to, for 0 < m < n; undefined if it has the wrong length. */
export const rootsOfProof = (m: number, n: number, oldRoot: Uint8Array, nodes: readonly Uint8Array[]) =>
  rootsOf(m, n, true, oldRoot, nodes);

function rootsOf(
  m: number,
  n: number,
  complete: boolean,
  oldRoot: Uint8Array,
  nodes: readonly Uint8Array[],
): readonly [Uint8Array, Uint8Array] | undefined {
  if (m === n && complete) return nodes.length === 0 ? [oldRoot, oldRoot] : undefined;
  const last = nodes.at(-1);
  if (!last) return undefined;
  if (m === n) return nodes.length === 1 ? [last, last] : undefined;
  const k = split(n);
  const rest = nodes.slice(0, -1);
  if (m <= k) {
    const below = rootsOf(m, k, complete, oldRoot, rest);
    return below && [below[0], inner(below[1], last)];
  }
  const below = rootsOf(m - k, n - k, false, oldRoot, rest);
  return below && [inner(last, below[0]), inner(last, below[1])];
}
