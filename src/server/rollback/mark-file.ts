/**
 * The high-water mark, a file in the folder of the key rings: the last checkpoint that this replica has seen, and the loss that it has
 * noticed, which stays until an administrator accepts it.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { SojournError } from '../../platform/errors/index.ts';
import type { Seal } from '../../platform/store/index.ts';
import { toTimestamp } from '../../platform/time/index.ts';
import {
  interruptedRekeyAdvice,
  type KeyBackend,
  readPrivateFile,
  writePrivateFile,
} from '../../tokens/keys/index.ts';

const fields = {
  /** The signed note, and the marks as in its seal; null before the first checkpoint. */
  seal: z.strictObject({ checkpoint: z.string(), marks: z.string() }).nullable(),
  /** When it was seen. RFC 3339. */
  seen_at: z.iso.datetime(),
  /** What the store has lost since. */
  lost: z.string().nullable(),
};
const schema = z.strictObject({ ...fields, mac: z.string().nullable() });

export type Mark = Readonly<z.output<z.ZodObject<typeof fields>>>;

export const markOf = ({ checkpoint, marks }: Seal, now: number): Mark => ({
  seal: { checkpoint, marks },
  seen_at: toTimestamp(now),
  lost: null,
});

/** Not `.json`: those files are key rings. */
export const markFileIn = (folder: string): string => join(folder, 'audit.mark');

type Macs = Pick<KeyBackend, 'macs'>;

/** Undefined if there is no file. */
async function readFile(file: string): Promise<z.output<typeof schema> | undefined> {
  const text = await readPrivateFile(file);
  if (text === undefined) return undefined;
  const parsed = schema.safeParse(parse(text));
  if (!parsed.success) throw unusable(file, 'it is damaged');
  return parsed.data;
}

/**
 * Undefined if there is no file.
 * @throws {SojournError} `key_material_unusable` if it is damaged, or its MAC is not of the key-encryption key
 */
export async function readMark(folder: string, { macs }: Macs): Promise<Mark | undefined> {
  const file = markFileIn(folder);
  const found = await readFile(file);
  if (!found) return undefined;
  const { mac, ...mark } = found;
  if (macs && !macs(macText(mark)).includes(mac ?? ''))
    throw unusable(file, 'it was not written with this key-encryption key', `${interruptedRekeyAdvice} `);
  return mark;
}

export function writeMark(folder: string, { macs }: Macs, mark: Mark): Promise<void> {
  const mac = macs?.(macText(mark))[0] ?? null;
  return writePrivateFile(markFileIn(folder), `${JSON.stringify({ ...mark, mac }, null, 2)}\n`);
}

/**
 * Whether a whole mark has the MAC of an unknown key: `sojourn keys rekey` has renewed it for the key that the next start has.
 */
export async function isOfAnotherKey(folder: string, { macs }: Macs): Promise<boolean> {
  const found = await readFile(markFileIn(folder)).catch(() => undefined);
  return found !== undefined && macs?.(macText(found)).includes(found.mac ?? '') === false;
}

/** Authenticates the mark with the current key-encryption key, if an earlier one did. */
export async function renewMark(folder: string, backend: Macs): Promise<Mark | undefined> {
  const mark = await readMark(folder, backend);
  if (mark && (await isOfAnotherKey(folder, onlyCurrent(backend)))) await writeMark(folder, backend, mark);
  return mark;
}

const onlyCurrent = ({ macs }: Macs): Macs => (macs ? { macs: (text) => macs(text).slice(0, 1) } : {});

const macText = ({ seal, seen_at, lost }: Mark): string =>
  JSON.stringify([seal?.checkpoint, seal?.marks, seen_at, lost]);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const unusable = (file: string, fault: string, advice = '') =>
  new SojournError('key_material_unusable', {
    detail: `The high-water mark ${file} cannot be used: ${fault}.`,
    advice: `${advice}Restore the file. Remove it only if you know that the store is the newest state.`,
  });
