/** What someone with access to the database can do to a journal, and what a verification must then say. */
import { randomBytes } from 'node:crypto';
import { formatNote } from '../../../src/platform/merkle/index.ts';
import type { Random } from '../../e2e/fuzz/random.ts';
import { testSigner } from '../../platform/audit/log-check.ts';
import { leaf, sha256 } from '../../platform/merkle/specification.ts';
import type { Line, Tables } from './tables.ts';

export interface Target {
  readonly tables: Tables;
  /** The number of sealed lines, at least 600. */
  readonly size: number;
  /** The number of all lines. */
  readonly newest: number;
  readonly pruned: ReadonlySet<number>;
  readonly random: Random;
}

interface Expected {
  readonly kind: string;
  readonly line: number | null;
}

type Attack = (target: Target) => Promise<Expected>;

const at = (kind: string, line: number | null): Expected => ({ kind, line });
/** One with a text. */
function anyLine(target: Target, last = target.size): number {
  const line = 1 + target.random.below(last);
  return target.pruned.has(line) ? anyLine(target, last) : line;
}
const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

async function edit(target: Target, change: (line: Line) => Partial<Line>): Promise<Expected> {
  const line = anyLine(target);
  const before = await target.tables.line(line);
  await target.tables.setLine(line, { ...before, ...change(before) });
  return at('edited', line);
}

/** Moves the lines from `first` on by one. */
async function shift({ tables, newest }: Target, first: number, by: 1 | -1): Promise<void> {
  const lines: Line[] = [];
  for (let n = first; n <= newest; n++) lines.push(await tables.line(n));
  for (const [i, line] of lines.entries()) await tables.setLine(first + i + by, line);
  if (by < 0) await tables.deleteLine(newest);
  await tables.setNewest(newest + by);
}

async function changeTile(
  { tables }: Target,
  level: number,
  index: number,
  change: (hashes: Uint8Array) => Uint8Array | undefined,
): Promise<Expected> {
  await tables.setTile(level, index, change((await tables.tile(level, index))!));
  return at('hashes', null);
}

async function changeList(
  { tables, random }: Target,
  isJti: boolean,
  change: (list: string, width: number, entry: number) => string | undefined,
): Promise<Expected> {
  const lists = (await tables.lists()).filter(({ name }) => name.startsWith('jti#') === isJti);
  const { name, block, list } = random.pick(lists.toSorted((a, b) => (a.name < b.name ? -1 : 1)));
  const width = isJti ? 6 : 2;
  const entry = random.below(list.length / width);
  const changed = change(list, width, entry);
  await tables.setList(name, block, changed);
  const numbers = (text: string) =>
    Array.from({ length: text.length / width }, (_, i) => {
      const end = (i + 1) * width;
      return {
        text: text.slice(end - width, end),
        line: block * 4_096 + digits.indexOf(text[end - 2]!) * 64 + digits.indexOf(text[end - 1]!),
      };
    });
  const [before, after] = [numbers(list), numbers(changed ?? '')];
  const differing = [
    ...before.filter(({ text }) => !after.some((one) => one.text === text)),
    ...after.filter(({ text }) => !before.some((one) => one.text === text)),
  ];
  return at('index', Math.min(...(differing.length > 0 ? differing : before).map(({ line }) => line)));
}

const flip = (hashes: Uint8Array): Uint8Array => {
  const changed = Buffer.from(hashes);
  changed[7]! ^= 1;
  return changed;
};

export const attacks: Readonly<Record<string, Attack>> = {
  'an edited text': (target) =>
    edit(target, ({ text }) => ({ text: text.replace('"actor":"system"', '"actor":"nobody"') })),
  'a text that is not JSON any more': (target) => edit(target, ({ text }) => ({ text: text.slice(0, -1) })),
  'an edited time': (target) => edit(target, (line) => ({ at: line.at + 1 })),
  'an edited salt': (target) => edit(target, () => ({ salt: randomBytes(16) })),
  'a removed text': async (target) => {
    const { line } = await edit(target, () => ({ text: '', salt: new Uint8Array() }));
    return at('removed', line);
  },
  'a deleted line': async (target) => {
    const line = anyLine(target);
    await target.tables.deleteLine(line);
    return at('missing', line);
  },
  'a deleted line, with later lines moved up': async (target) => {
    const line = anyLine(target, target.size - 2);
    await shift(target, line + 1, -1);
    return at('missing', line);
  },
  'deleted lines at the end': async (target) => {
    const line = anyLine(target);
    for (let n = line; n <= target.newest; n++) await target.tables.deleteLine(n);
    await target.tables.setNewest(line - 1);
    return at('missing', line);
  },
  'an added line, with later lines moved down': async (target) => {
    const line = anyLine(target, target.size - 1);
    const copy = await target.tables.line(anyLine(target));
    await shift(target, line, 1);
    await target.tables.setLine(line, { ...copy, at: copy.at + 1 });
    return at('added', line);
  },
  'two lines at each other’s places': async (target) => {
    const [a, b] = [anyLine(target), anyLine(target)];
    if (a === b) return attacks['two lines at each other’s places']!(target);
    const [first, second] = [await target.tables.line(a), await target.tables.line(b)];
    await target.tables.setLine(a, second);
    await target.tables.setLine(b, first);
    return at('moved', Math.min(a, b));
  },
  'a line replaced by a copy of another': async (target) => {
    const line = anyLine(target, target.size - 1);
    await target.tables.setLine(line, await target.tables.line(target.size));
    return at('moved', line);
  },
  'two tiles at each other’s places': async ({ tables, random, size }) => {
    const last = Math.floor(size / 256) - 1;
    const first = random.below(last);
    const [a, b] = [await tables.tile(0, first), await tables.tile(0, last)];
    await tables.setTile(0, first, b);
    await tables.setTile(0, last, a);
    return at('hashes', null);
  },
  'a truncated tile': (target) => changeTile(target, 0, 1, (hashes) => hashes.subarray(0, -32)),
  'a deleted tile': (target) => changeTile(target, 0, 0, () => undefined),
  'a tile of another log': (target) => changeTile(target, 0, 1, ({ length }) => randomBytes(length)),
  'an edited tile of a higher level': (target) => changeTile(target, 1, 0, flip),
  'an edited tile at the end': (target) => changeTile(target, 0, Math.floor((target.size - 1) / 256), flip),
  'a line edited with its hash': async (target) => {
    const { line } = await edit({ ...target, size: 256 }, ({ at: time }) => ({ at: time + 1 }));
    const { at: time, salt, text } = await target.tables.line(line!);
    const own = leaf(sha256(salt, Buffer.from(`{"at":${time},"entry":${text}}`)));
    return changeTile(target, 0, 0, (hashes) => {
      const changed = Buffer.from(hashes);
      changed.set(own, (line! - 1) * 32);
      return changed;
    });
  },
  'a checkpoint of another key': async ({ tables }) => {
    const seal = await tables.seal();
    const [text = '', signature = ''] = seal.checkpoint.split('\n\n— ');
    const [name = '', encoded = ''] = signature.trim().split(' ');
    const other = testSigner();
    const { signature: raw } = await other.sign(Buffer.from(`${text}\n`));
    const keyId = Buffer.from(encoded, 'base64').toString('hex', 0, 4);
    await tables.setSeal({ ...seal, checkpoint: formatNote(`${text}\n`, { name, keyId, signature: raw }) });
    return at('checkpoint', null);
  },
  'a checkpoint of fewer lines with the same signature': async ({ tables, size }) => {
    const seal = await tables.seal();
    await tables.setSeal({ ...seal, checkpoint: seal.checkpoint.replace(`\n${size}\n`, `\n${size - 1}\n`) });
    return at('checkpoint', null);
  },
  'a root that is not that of the checkpoint': async ({ tables }) => {
    const seal = await tables.seal();
    await tables.setSeal({ ...seal, root: flip(seal.root) });
    return at('checkpoint', null);
  },
  'marks that are not those of the checkpoint': async ({ tables }) => {
    const seal = await tables.seal();
    await tables.setSeal({ ...seal, marks: seal.marks.replace('1', '2') });
    return at('checkpoint', null);
  },
  'a deleted posting list': (target) => changeList(target, false, () => undefined),
  'a posting removed from a list': (target) =>
    changeList(
      target,
      false,
      (list, width, i) => list.slice(0, i * width) + list.slice((i + 1) * width) || undefined,
    ),
  'a posting of a jti for another line': (target) =>
    changeList(target, true, (list, width, i) => {
      const last = (i + 1) * width - 1;
      return `${list.slice(0, last)}${list[last] === '/' ? '+' : '/'}${list.slice(last + 1)}`;
    }),
  'another hash in a posting of a jti': (target) =>
    changeList(
      target,
      true,
      (list, width, i) => `${list.slice(0, i * width)}////${list.slice(i * width + 4)}`,
    ),
  'a posting list under a key of no line': async ({ tables, random, newest }) => {
    const line = 1 + random.below(Math.min(newest, 4_095));
    await tables.setList('client:cli_x', 0, `${digits[line >> 6]}${digits[line & 63]}`);
    return at('index', line);
  },
  'another first line of an hour': async ({ tables }) => {
    const first = await tables.line(1);
    await tables.setHour(Math.floor(first.at / 3_600_000), 2, 2);
    return at('index', 1);
  },
};
