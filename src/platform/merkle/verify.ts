/** Verification of proofs (RFC 9162 sections 2.1.3.2 and 2.1.4.2). Any input is safe; a proof of the wrong form is refused. */
import { emptyRoot, hashBytes, nodeHash } from './hash.ts';

export function verifyInclusion(claim: {
  readonly index: number;
  readonly size: number;
  readonly leafHash: Uint8Array;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}): boolean {
  const { index, size, leafHash, root, proof } = claim;
  if (!isCount(index) || !isCount(size) || index >= size) return false;
  if (![leafHash, root, ...proof].every(isHash)) return false;
  const place = new Place(index, size - 1);
  let hash = leafHash;
  for (const sibling of proof) {
    if (place.isRoot) return false;
    hash = place.hasLeftSibling ? nodeHash(sibling, hash) : nodeHash(hash, sibling);
    place.rise();
  }
  return place.isRoot && equal(hash, root);
}

export function verifyConsistency(claim: {
  readonly from: number;
  readonly fromRoot: Uint8Array;
  readonly to: number;
  readonly toRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}): boolean {
  const { from, fromRoot, to, toRoot, proof } = claim;
  if (!isCount(from) || !isCount(to) || from > to) return false;
  if (![fromRoot, toRoot, ...proof].every(isHash)) return false;
  // Every tree begins with the empty one.
  if (from === 0)
    return proof.length === 0 && equal(fromRoot, emptyRoot) && (to > 0 || equal(toRoot, fromRoot));
  if (from === to) return proof.length === 0 && equal(fromRoot, toRoot);
  const place = new Place(from - 1, to - 1);
  place.skipRightChildren();
  const path = place.index === 0 ? [fromRoot, ...proof] : proof;
  const [first, ...siblings] = path;
  if (!first) return false;
  let [oldHash, newHash] = [first, first];
  for (const sibling of siblings) {
    if (place.isRoot) return false;
    if (place.hasLeftSibling) {
      oldHash = nodeHash(sibling, oldHash);
      newHash = nodeHash(sibling, newHash);
    } else newHash = nodeHash(newHash, sibling);
    place.rise();
  }
  return place.isRoot && equal(oldHash, fromRoot) && equal(newHash, toRoot);
}

/** `fn` and `sn` of the RFC: a node and the last node of its level. Without bit operations, which stop at 32 bits. */
class Place {
  index: number;
  #last: number;

  constructor(index: number, last: number) {
    this.index = index;
    this.#last = last;
  }

  get isRoot(): boolean {
    return this.#last === 0;
  }

  /** Of the next sibling in a proof; the last node of a level may have it some levels higher. */
  get hasLeftSibling(): boolean {
    return this.index % 2 === 1 || this.index === this.#last;
  }

  skipRightChildren(): void {
    while (this.index % 2 === 1) this.#halve();
  }

  /** To the parent of the node and its sibling. */
  rise(): void {
    if (this.index === this.#last) while (this.index % 2 === 0 && this.index > 0) this.#halve();
    this.#halve();
  }

  #halve(): void {
    this.index = Math.floor(this.index / 2);
    this.#last = Math.floor(this.#last / 2);
  }
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
const isHash = (value: Uint8Array): boolean => value instanceof Uint8Array && value.length === hashBytes;
const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
