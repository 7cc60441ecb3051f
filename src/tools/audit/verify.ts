/** Verifies the audit log of a store from its lines: hashes, checkpoint, prunings and index. */
import type { JsonWebKey } from 'node:crypto';
import { openCheckpoint, readSeal } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { emptyRoot, type VerifierKey, verifierKey } from '../../platform/merkle/index.ts';
import { IndexCheck, type JournalView, type Seal } from '../../platform/store/index.ts';
import { toTimestamp } from '../../platform/time/index.ts';
import { checkArchives } from './archives.ts';
import { type Fault, lineFault, logFault } from './fault.ts';
import { checkLines, type LineResult } from './line-check.ts';
import { LineSet } from './line-set.ts';
import type { OpenLog } from './open.ts';
import { checkTree } from './tree-check.ts';

export interface Verification {
  readonly verified: boolean;
  /** The name of the log; null before its first checkpoint. */
  readonly origin: string | null;
  /** The lines that the checkpoint covers. */
  readonly sealed: number;
  /** Later lines. */
  readonly unsealed: number;
  /** Lines whose text was removed after it was archived. */
  readonly pruned: number;
  /** How many of them the archives have that were compared. */
  readonly archived: number;
  /** The key of the checkpoint, to be compared with the published one. */
  readonly key: string | null;
  readonly fault: Fault | null;
}

export interface VerifyOptions {
  readonly log: OpenLog;
  /** The published key; without it, the journal key beside the log counts. */
  readonly key?: VerifierKey | undefined;
  /** Archives of prunings, to be compared with the log. */
  readonly archives?: readonly string[];
  readonly progress?: (lines: number) => void;
}

/** A running server seals a line within seconds; a key service that is down delays it. */
const maxUnsealedMs = 5 * 60_000;

export async function verifyStore(options: VerifyOptions): Promise<Verification> {
  const { key, progress = () => undefined } = options;
  const { view, stateAt } = options.log;
  const seal = await view.log.sealed();
  const opened = seal
    ? openSeal(seal, key?.key.export({ format: 'jwk' }) ?? (await options.log.readJournalKey()), key?.name)
    : { key: undefined };
  const answer = {
    origin: opened.key?.name ?? null,
    sealed: seal?.size ?? 0,
    key: opened.key?.text ?? null,
    ...{ unsealed: 0, pruned: 0, archived: 0 },
  };
  if (opened.fault) return { ...answer, verified: false, fault: opened.fault };

  const checkpoint = seal ?? { size: 0, root: emptyRoot };
  const index = await IndexCheck.begin(view.index, view.log.lines);
  const tree = await checkTree(checkpoint, view.log.tile);
  const result = await checkLines({ log: view.log, checkpoint, tree, index, progress });
  const unnamed = await unnamedLine(result, view);
  // The absent line may have been the record of a pruning.
  const faultOfLine = result.isAbsent
    ? result.fault
    : [result.fault, unnamed].filter((fault) => fault !== undefined).toSorted(byLine)[0];
  const { fault: archiveFault, archived } = faultOfLine
    ? { archived: 0 }
    : await checkArchives(options.archives ?? [], { view, key: opened.key, ...result });
  const fault =
    faultOfLine ?? archiveFault ?? (await indexFault(index, view)) ?? unsealedFault(result, stateAt);
  return {
    ...answer,
    archived,
    unsealed: result.newest - answer.sealed,
    pruned: result.pruned.size,
    verified: !fault,
    fault: fault ?? null,
  };
}

/** A fault of the whole log comes last: the line says more. */
const byLine = (a: Fault, b: Fault): number => (a.line ?? Infinity) - (b.line ?? Infinity);

function openSeal(
  seal: Seal,
  jwk: JsonWebKey | undefined,
  name: string | undefined,
): { readonly key: VerifierKey | undefined; readonly fault?: Fault } {
  const [origin = ''] = seal.checkpoint.split('\n', 1);
  const key = jwk && verifierKey(name ?? origin, jwk);
  try {
    if (key) openCheckpoint(seal.checkpoint, key);
    readSeal(seal, { jwk });
    return { key };
  } catch (error) {
    if (!(error instanceof SojournError)) throw error;
    return { key, fault: logFault('checkpoint', error.message) };
  }
}

/** The first line without text that no record names. */
async function unnamedLine({ pruned, records }: LineResult, view: JournalView): Promise<Fault | undefined> {
  const named = new LineSet();
  for (const { lines } of records) for (const line of lines) named.add(line);
  const line = pruned.firstWithout(named);
  if (line === undefined) return undefined;
  const [{ at } = { at: undefined }] = await view.log.lines(line - 1, 1);
  return lineFault('removed', line, at, 'has no text, and no record of a pruning names it');
}

async function indexFault(index: IndexCheck, view: JournalView): Promise<Fault | undefined> {
  const found = await index.finish();
  if (!found) return undefined;
  const [line] = await view.log.lines(found.sequence - 1, 1);
  const at = line?.sequence === found.sequence ? line.at : undefined;
  return {
    ...lineFault('index', found.sequence, at, `is intact, but the index ${found.fault}`),
    advice: 'A search may not find it, or find it wrongly. Restore the store from a backup.',
  };
}

function unsealedFault({ unsealedSince }: LineResult, stateAt: number): Fault | undefined {
  if (unsealedSince === undefined || stateAt - unsealedSince <= maxUnsealedMs) return undefined;
  return logFault(
    'unsealed',
    `The log has lines since ${toTimestamp(unsealedSince)} that no checkpoint covers.`,
    'Start the server, which seals them within seconds. If it runs, see its log for why it cannot.',
  );
}
