import { randomInt } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  appendLeaves,
  consistencyProof,
  emptyRoot,
  inclusionProof,
  leafHash,
  readFrontier,
  rootOf,
  verifyConsistency,
  verifyInclusion,
} from '../../../src/platform/merkle/index.ts';
import { randomFrom } from '../../e2e/fuzz/random.ts';
import { repetitions } from '../../support/scale.ts';
import { MemoryLog } from './log.ts';
import { mth, path, proof, rootOfPath, rootsOfProof, sha256 } from './specification.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const hexes = (list: readonly Uint8Array[]) => list.map(hex);
const damaged = (detail: string) => expect.objectContaining({ code: 'journal_damaged', message: detail });

/** SOJOURN_MERKLE_SEED repeats a run. */
const seed = Number(process.env.SOJOURN_MERKLE_SEED ?? randomInt(2 ** 31));
const random = randomFrom(seed);
const seeded = `(seed ${seed})`;

/** The entries and roots with which implementations of certificate transparency test their trees. */
const entries = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const roots = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

describe('the root of a tree', () => {
  test('is the SHA-256 of nothing without leaves', async () => {
    expect(hex(emptyRoot)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(rootOf(await readFrontier(0, async () => undefined))).toEqual(emptyRoot);
  });

  test('has the published values for the eight entries of certificate transparency', () => {
    const leaves = entries.map((entry) => leafHash(Buffer.from(entry, 'hex')));
    const rootsByCode = leaves.map((_, i) =>
      hex(rootOf(appendLeaves({ size: 0, levels: [] }, Buffer.concat(leaves.slice(0, i + 1))).frontier)),
    );
    expect(rootsByCode).toEqual(roots);
    expect(leaves.map((_, i) => hex(mth(leaves.slice(0, i + 1))))).toEqual(roots);
  });

  test(`equals the recursive definition after appends in random batches ${seeded}`, async () => {
    const log = new MemoryLog();
    while (log.leaves.length < 3_000) {
      const frontier = await log.grow(random.pick([1, 2, 3, 255, 256, 257, 1 + random.below(600)]));
      expect(frontier.size).toBe(log.leaves.length);
      expect(hex(rootOf(frontier))).toBe(hex(mth(log.leaves)));
      // Earlier sizes too: their partial tiles are the beginnings of wider ones.
      const earlier = random.below(log.leaves.length + 1);
      expect(hex(rootOf(await readFrontier(earlier, log.readTile)))).toBe(
        hex(mth(log.leaves.slice(0, earlier))),
      );
    }
  });

  test('does not depend on how the leaves were divided into batches, nor do the tiles', async () => {
    const [one, many] = [new MemoryLog(), new MemoryLog()];
    await one.grow(70_000);
    for (const batch of [1, 254, 1, 256, 4_096, 65_000, 300, 92]) await many.grow(batch);
    expect(many.leaves).toHaveLength(70_000);
    const digests = ({ tiles }: MemoryLog) =>
      new Map([...tiles].map(([key, hashes]) => [key, hex(sha256(hashes))]));
    expect(digests(many)).toEqual(digests(one));
    // C2SP tlog-tiles: "273 full level 0 tiles, one partial level 0 tile of width 112, one full level 1 tile, one
    // partial level 1 tile of width 17, and one partial level 2 tile of width 1".
    const widths = [...one.tiles].map(([key, hashes]) => [key, hashes.length / 32] as const);
    expect(widths.filter(([key, width]) => key.startsWith('0/') && width === 256)).toHaveLength(273);
    expect(widths.filter(([key, width]) => !key.startsWith('0/') || width < 256)).toEqual([
      ['0/273', 112],
      ['1/0', 256],
      ['1/1', 17],
      ['2/0', 1],
    ]);
    expect(hex(one.tiles.get('1/0')!.subarray(32, 64))).toBe(hex(mth(one.leaves.slice(256, 512))));
  });

  test('takes at most one tile of each level to compute, and to append to', async () => {
    const log = new MemoryLog();
    await log.grow(256 * 256 + 256 * 3 + 7);
    log.reads = 0;
    const frontier = await log.grow(4_096);
    expect(log.reads).toBe(3);
    expect(frontier.levels).toHaveLength(3);
  });

  test('cannot be computed from a missing or short tile', async () => {
    const log = new MemoryLog();
    await log.grow(300);
    const tile = log.tiles.get('0/1')!;
    log.tiles.set('0/1', tile.subarray(0, tile.length - 1));
    await expect(readFrontier(300, log.readTile)).rejects.toEqual(
      damaged('The tile 1 of level 0 of the audit log has only 43 of 44 hashes.'),
    );
    log.tiles.delete('0/1');
    await expect(inclusionProof({ index: 0, size: 300 }, log.readTile)).rejects.toEqual(
      damaged('The tile 1 of level 0 of the audit log has no hashes.'),
    );
  });
});

describe('proofs', () => {
  test('of all leaves and sizes of small trees equal the recursive definitions and verify', async () => {
    const log = new MemoryLog();
    await log.grow(40);
    for (let size = 1; size <= 40; size++) {
      const leaves = log.leaves.slice(0, size);
      const root = mth(leaves);
      for (let index = 0; index < size; index++) {
        const inclusion = await inclusionProof({ index, size }, log.readTile);
        expect(hexes(inclusion)).toEqual(hexes(path(index, leaves)));
        expect(verifyInclusion({ index, size, leafHash: leaves[index]!, root, proof: inclusion })).toBe(true);
      }
      for (let from = 0; from <= size; from++) {
        const consistency = await consistencyProof({ from, to: size }, log.readTile);
        expect(hexes(consistency)).toEqual(from === 0 || from === size ? [] : hexes(proof(from, leaves)));
        const fromRoot = mth(leaves.slice(0, from));
        expect(verifyConsistency({ from, fromRoot, to: size, toRoot: root, proof: consistency })).toBe(true);
      }
    }
  });

  test(`of random trees of thousands of leaves verify in both implementations ${seeded}`, async () => {
    const log = new MemoryLog();
    await log.grow(5_000);
    for (let i = 0; i < repetitions({ part: 40, full: 2_000 }); i++) {
      const size = 2 + random.below(4_999);
      const index = random.below(size);
      const leaves = log.leaves.slice(0, size);
      const root = mth(leaves);
      const inclusion = await inclusionProof({ index, size }, log.readTile);
      expect(hexes(inclusion)).toEqual(hexes(path(index, leaves)));
      expect(verifyInclusion({ index, size, leafHash: leaves[index]!, root, proof: inclusion })).toBe(true);
      expect(hex(rootOfPath(index, size, leaves[index]!, inclusion)!)).toBe(hex(root));
      const from = 1 + random.below(size - 1);
      const fromRoot = mth(leaves.slice(0, from));
      const consistency = await consistencyProof({ from, to: size }, log.readTile);
      expect(hexes(consistency)).toEqual(hexes(proof(from, leaves)));
      expect(verifyConsistency({ from, fromRoot, to: size, toRoot: root, proof: consistency })).toBe(true);
      expect(hexes(rootsOfProof(from, size, fromRoot, consistency)!)).toEqual(hexes([fromRoot, root]));
    }
  });

  test('read each tile that they need once', async () => {
    const log = new MemoryLog();
    await log.grow(70_000);
    log.reads = 0;
    await inclusionProof({ index: 12_345, size: 70_000 }, log.readTile);
    // The leaf's tile; of level 1 the leaf's and the last; the last of level 0.
    expect(log.reads).toBe(4);
  });

  test('are made only for leaves and sizes that the tree has', () => {
    const none = async () => undefined;
    expect(() => inclusionProof({ index: 5, size: 5 }, none)).toThrow(
      new RangeError('no leaf 5 in a tree of 5'),
    );
    expect(() => inclusionProof({ index: -1, size: 5 }, none)).toThrow(RangeError);
    expect(() => consistencyProof({ from: 6, to: 5 }, none)).toThrow(
      new RangeError('a tree of 5 does not contain one of 6'),
    );
  });
});

/** Every proof that differs from this one in one bit, one node more or less, or the order of two. */
function* wrongProofs(nodes: readonly Uint8Array[]): Generator<readonly Uint8Array[]> {
  for (const [i, node] of nodes.entries()) {
    for (let bit = 0; bit < 256; bit++) {
      const flipped = Uint8Array.from(node);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      yield nodes.with(i, flipped);
    }
    yield nodes.toSpliced(i, 1);
    yield nodes.toSpliced(i, 0, node);
    yield nodes.with(i, node.subarray(0, 31));
    yield nodes.with(i, Buffer.concat([node, Buffer.of(0)]));
    if (i > 0) yield nodes.with(i, nodes[i - 1]!).with(i - 1, node);
  }
  yield [...nodes, sha256()];
  yield [sha256(), ...nodes];
}

const flips = (hash: Uint8Array): Uint8Array[] =>
  Array.from({ length: 256 }, (_, bit) => {
    const flipped = Uint8Array.from(hash);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    return flipped;
  });

describe('the verification of an inclusion proof', () => {
  test(`refuses every changed bit, node, index, size and root ${seeded}`, async () => {
    const log = new MemoryLog();
    await log.grow(700);
    for (let i = 0; i < repetitions({ part: 8, full: 200 }); i++) {
      const size = 2 + random.below(699);
      const index = random.below(size);
      const leaves = log.leaves.slice(0, size);
      const nodes = await inclusionProof({ index, size }, log.readTile);
      const right = { index, size, leafHash: leaves[index]!, root: mth(leaves), proof: nodes };
      expect(verifyInclusion(right)).toBe(true);
      const accepted = [
        ...[...wrongProofs(nodes)].map((wrong) => ({ ...right, proof: wrong })),
        ...flips(right.root).map((root) => ({ ...right, root })),
        ...flips(right.leafHash).map((hash) => ({ ...right, leafHash: hash })),
        ...Array.from({ length: size }, (_, other) => ({ ...right, index: other })).filter(
          (claim) => claim.index !== index,
        ),
        { ...right, leafHash: new Uint8Array() },
        { ...right, root: new Uint8Array() },
        ...[-1, 0.5, Number.NaN, size, 2 ** 53].map((other) => ({ ...right, index: other })),
        ...[-1, 0, index, Number.POSITIVE_INFINITY, 2 ** 53].map((other) => ({ ...right, size: other })),
      ].filter(verifyInclusion);
      expect(accepted).toEqual([]);
    }
  });

  test(`accepts a wrong size only where the recursive definition leads to the same root ${seeded}`, async () => {
    const log = new MemoryLog();
    await log.grow(300);
    for (let i = 0; i < repetitions({ part: 20, full: 500 }); i++) {
      const size = 1 + random.below(300);
      const index = random.below(size);
      const root = mth(log.leaves.slice(0, size));
      const nodes = await inclusionProof({ index, size }, log.readTile);
      const claim = { index, leafHash: log.leaves[index]!, root, proof: nodes };
      const sizes = Array.from({ length: 600 }, (_, other) => other).filter((other) => other > index);
      expect(sizes.filter((other) => verifyInclusion({ ...claim, size: other }))).toEqual(
        sizes.filter((other) => {
          const led = rootOfPath(index, other, claim.leafHash, nodes);
          return led !== undefined && hex(led) === hex(root);
        }),
      );
    }
  });

  test('refuses proofs of another log', async () => {
    const [log, foreign] = [new MemoryLog(), new MemoryLog()];
    await log.grow(500);
    await foreign.grow(500, 'foreign');
    const nodes = await inclusionProof({ index: 123, size: 500 }, foreign.readTile);
    const claim = { index: 123, size: 500, leafHash: log.leaves[123]!, root: mth(log.leaves), proof: nodes };
    expect(verifyInclusion(claim)).toBe(false);
    expect(verifyInclusion({ ...claim, leafHash: foreign.leaves[123]! })).toBe(false);
    expect(verifyInclusion({ ...claim, leafHash: foreign.leaves[123]!, root: mth(foreign.leaves) })).toBe(
      true,
    );
  });

  test('works beyond 32 bits', () => {
    // A tree of 2^40 equal leaves: all nodes of a level are equal.
    const nodes = [leafHash(Buffer.from('same'))];
    while (nodes.length <= 40) nodes.push(sha256(Buffer.of(1), nodes.at(-1)!, nodes.at(-1)!));
    const claim = { size: 2 ** 40, leafHash: nodes[0]!, root: nodes[40]!, proof: nodes.slice(0, 40) };
    expect(verifyInclusion({ ...claim, index: 2 ** 39 + 5 })).toBe(true);
    expect(verifyInclusion({ ...claim, index: 2 ** 40 - 1 })).toBe(true);
    expect(verifyInclusion({ ...claim, index: 2 ** 40 })).toBe(false);
    expect(verifyInclusion({ ...claim, index: 5, size: 2 ** 39 })).toBe(false);
  });
});

describe('the verification of a consistency proof', () => {
  test(`refuses every changed bit, node, size and root ${seeded}`, async () => {
    const log = new MemoryLog();
    await log.grow(700);
    for (let i = 0; i < repetitions({ part: 8, full: 200 }); i++) {
      const to = 2 + random.below(699);
      const from = 1 + random.below(to - 1);
      const fromRoot = mth(log.leaves.slice(0, from));
      const toRoot = mth(log.leaves.slice(0, to));
      const nodes = await consistencyProof({ from, to }, log.readTile);
      const right = { from, fromRoot, to, toRoot, proof: nodes };
      expect(verifyConsistency(right)).toBe(true);
      const accepted = [
        ...[...wrongProofs(nodes)].map((wrong) => ({ ...right, proof: wrong })),
        ...flips(fromRoot).map((root) => ({ ...right, fromRoot: root })),
        ...flips(toRoot).map((root) => ({ ...right, toRoot: root })),
        ...Array.from({ length: to + 1 }, (_, other) => ({ ...right, from: other })).filter(
          (claim) => claim.from !== from,
        ),
        { ...right, fromRoot: toRoot, toRoot: fromRoot },
        { ...right, from: to, to: from },
        ...[-1, 0.5, Number.NaN, 2 ** 53].map((other) => ({ ...right, from: other })),
        ...[-1, 0, Number.POSITIVE_INFINITY, 2 ** 53].map((other) => ({ ...right, to: other })),
      ].filter(verifyConsistency);
      expect(accepted).toEqual([]);
    }
  });

  test('refuses a history in which one earlier leaf changed', async () => {
    const log = new MemoryLog();
    await log.grow(300);
    const fromRoot = mth(log.leaves);
    const forked = new MemoryLog();
    await forked.grow(200);
    await forked.grow(1, 'other');
    await forked.grow(199);
    const nodes = await consistencyProof({ from: 300, to: 400 }, forked.readTile);
    const claim = { from: 300, fromRoot, to: 400, toRoot: mth(forked.leaves), proof: nodes };
    expect(verifyConsistency(claim)).toBe(false);
    expect(verifyConsistency({ ...claim, fromRoot: mth(forked.leaves.slice(0, 300)) })).toBe(true);
  });

  test('with nothing to prove accepts only equal roots and the empty tree', () => {
    const root = sha256(Buffer.from('root'));
    const claim = { from: 7, fromRoot: root, to: 7, toRoot: root, proof: [] };
    expect(verifyConsistency(claim)).toBe(true);
    expect(verifyConsistency({ ...claim, toRoot: sha256() })).toBe(false);
    expect(verifyConsistency({ ...claim, proof: [root] })).toBe(false);
    expect(verifyConsistency({ ...claim, to: 8 })).toBe(false);
    expect(verifyConsistency({ ...claim, from: 0, fromRoot: emptyRoot })).toBe(true);
    expect(verifyConsistency({ ...claim, from: 0 })).toBe(false);
    expect(verifyConsistency({ ...claim, from: 0, fromRoot: emptyRoot, proof: [root] })).toBe(false);
    expect(verifyConsistency({ ...claim, from: 0, fromRoot: emptyRoot, to: 0 })).toBe(false);
    expect(verifyConsistency({ ...claim, from: 0, fromRoot: emptyRoot, to: 0, toRoot: emptyRoot })).toBe(
      true,
    );
  });
});
