/** /audit/…: checkpoints, tiles and proofs of the audit log. */
import { z } from 'zod';
import { invalidRequest, SojournError } from '../../../platform/errors/index.ts';
import { parseTilePath } from '../../../platform/merkle/index.ts';
import { toTimestamp } from '../../../platform/time/index.ts';
import { read, timestamp } from '../../../platform/validation/index.ts';
import { readQuery } from '../body.ts';
import { positive } from './paging.ts';
import { nothing, type Route, readRoute } from './route.ts';

const note = z.string().describe('A signed note (C2SP tlog-checkpoint).');
const base64 = z.string().describe('In base64.');
const proof = z
  .array(base64)
  .describe('Hashes of tree nodes in base64, in the order of RFC 9162 section 2.1.');
const lastNote = note
  .nullable()
  .describe('The signed note of the tree of this size; null if it is not the last one.');

export const auditCheckpoint = z.object({ checkpoint: note, sealed_at: timestamp });

export const inclusion = z.object({
  id: z.int(),
  index: z.int().describe('Of the leaf: `id` − 1.'),
  size: z.int().describe('The number of lines in the tree.'),
  line: z
    .string()
    .nullable()
    .describe('What the leaf commits to: canonical JSON of time and entry; null if the line was pruned.'),
  salt: base64.nullable().describe('Precedes `line` in the hash; in base64.'),
  leaf_hash: base64,
  proof,
  checkpoint: lastNote,
});

export const consistency = z.object({ from: z.int(), to: z.int(), proof, checkpoint: lastNote });

const tileRoute: Route = {
  method: 'GET',
  path: '/audit/tile/*path',
  operationId: 'fetchAuditTile',
  summary: 'Fetch a tile of the audit log’s Merkle tree (C2SP tlog-tiles), such as `0/x001/234.p/5`',
  query: nothing,
  input: nothing,
  answer: 'file',
  status: 200,
  refusals: ['not_found'],
  async serve({ proofs }, { params: { path = '' }, query, body }) {
    readQuery(query, []);
    read(nothing, body);
    const tile = parseTilePath(`tile/${path}`);
    const hashes = tile && (await proofs.tile(tile));
    if (!hashes) throw new SojournError('not_found', { detail: 'The audit log has no such tile.' });
    return { content: { mediaType: 'application/octet-stream', body: Buffer.from(hashes) } };
  },
};

export const auditProofRoutes: readonly Route[] = [
  readRoute({
    path: '/audit/checkpoint',
    operationId: 'showAuditCheckpoint',
    summary: 'Show the last signed checkpoint of the audit log',
    query: nothing,
    answer: auditCheckpoint,
    refusals: ['audit_not_sealed'],
    async find({ proofs }) {
      const last = await proofs.checkpoint();
      return { checkpoint: last.note, sealed_at: toTimestamp(last.sealedAt) };
    },
  }),
  readRoute({
    path: '/audit/proofs/inclusion',
    operationId: 'proveAuditInclusion',
    summary: 'Prove that the audit log has a line',
    query: z.strictObject({
      id: positive.describe('The line.'),
      size: positive
        .exactOptional()
        .describe('The number of lines in the tree; all sealed lines by default.'),
    }),
    answer: inclusion,
    refusals: ['audit_not_sealed'],
    find({ proofs }, { query }) {
      if (query.size !== undefined && query.size < query.id)
        throw invalidRequest([{ path: 'size', message: 'must be at least `id`' }]);
      return proofs.inclusion(query);
    },
  }),
  readRoute({
    path: '/audit/proofs/consistency',
    operationId: 'proveAuditConsistency',
    summary: 'Prove that the audit log only grew: that its first lines are those of an earlier checkpoint',
    query: z.strictObject({
      from: positive.describe('The size in the earlier checkpoint.'),
      to: positive.exactOptional().describe('The size in the later one; all sealed lines by default.'),
    }),
    answer: consistency,
    refusals: ['audit_not_sealed'],
    find({ proofs }, { query }) {
      if (query.to !== undefined && query.to < query.from)
        throw invalidRequest([{ path: 'to', message: 'must be at least `from`' }]);
      return proofs.consistency(query);
    },
  }),
  tileRoute,
];
