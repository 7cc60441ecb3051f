/**
 * The Merkle tree of an append-only log. Owns: its hashes (RFC 6962), tiles (C2SP tlog-tiles), proofs, signed notes and
 * checkpoints (C2SP signed-note, tlog-checkpoint). Does not own: where lines and tiles are stored (store), or when they are
 * sealed and with which key (audit).
 */
export { appendLeaves } from './append.ts';
export { type Checkpoint, formatCheckpoint, parseCheckpoint } from './checkpoint.ts';
export { derSignature } from './der-signature.ts';
export { type Frontier, readFrontier, rootOf } from './frontier.ts';
export { emptyRoot, hashBytes, leafHash, sha256 } from './hash.ts';
export { formatNote, type Note, parseNote } from './note.ts';
export { consistencyProof, inclusionProof } from './prove.ts';
export { type ReadTile, type Tile, tileWidth } from './tile.ts';
export { parseTilePath, type TilePath, tilePath } from './tile-path.ts';
export { parseVerifierKey, type VerifierKey, verifierKey, verifyNote } from './verifier-key.ts';
export { verifyConsistency, verifyInclusion } from './verify.ts';
