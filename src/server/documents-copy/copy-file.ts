/** The file `documents.copy`: every document by its path, authenticated with the key-encryption key if there is one. */
import { join } from 'node:path';
import { z } from 'zod';
import { SojournError } from '../../platform/errors/index.ts';
import { type Now, toTimestamp } from '../../platform/time/index.ts';
import type { FixedDocument } from '../../tokens/issuer/index.ts';
import { type KeyBackend, readPrivateFile, writePrivateFile } from '../../tokens/keys/index.ts';

/** By path, as requests name it. */
export type Documents = ReadonlyMap<string, FixedDocument>;

const fields = {
  format: z.literal(1),
  issuer: z.string(),
  /** When the documents were the current ones. RFC 3339. */
  current_at: z.iso.datetime(),
  documents: z.array(
    z.strictObject({ path: z.string(), headers: z.record(z.string(), z.string()), body: z.string() }),
  ),
};
const schema = z.strictObject({ ...fields, mac: z.string().nullable() });
type Copy = z.output<z.ZodObject<typeof fields>>;

/** Not `.json`: those files are key rings. */
export const copyFileIn = (folder: string): string => join(folder, 'documents.copy');

type Macs = Pick<KeyBackend, 'macs'>;

export function writeCopy(
  folder: string,
  { macs }: Macs,
  { issuer, documents, now }: { readonly issuer: string; readonly documents: Documents; readonly now: Now },
): Promise<void> {
  const copy: Copy = {
    format: 1,
    issuer,
    current_at: toTimestamp(now()),
    documents: [...documents].map(([path, { headers, body }]) => ({ path, headers, body: body.toString() })),
  };
  const mac = macs?.(macText(copy))[0] ?? null;
  return writePrivateFile(copyFileIn(folder), `${JSON.stringify({ ...copy, mac })}\n`);
}

/**
 * Undefined if there is no file.
 * @param maxAgeMs older documents may lack a key that signs by now
 * @throws {SojournError} `key_material_unusable` if the copy is damaged, too old, of another issuer or of another key-encryption key
 */
export async function readCopy(
  folder: string,
  { macs }: Macs,
  { issuer, maxAgeMs, now }: { readonly issuer: string; readonly maxAgeMs: number; readonly now: Now },
): Promise<Documents | undefined> {
  const file = copyFileIn(folder);
  const text = await readPrivateFile(file);
  if (text === undefined) return undefined;
  const { success, data } = schema.safeParse(parse(text));
  if (!success) throw unusable(file, 'it is damaged');
  const { mac, ...copy } = data;
  if (macs && !macs(macText(copy)).includes(mac ?? ''))
    throw unusable(file, 'it was not written with this key-encryption key');
  if (copy.issuer !== issuer) throw unusable(file, `it is of the issuer ${copy.issuer}`);
  if (now() - Date.parse(copy.current_at) > maxAgeMs)
    throw unusable(file, `it is from ${copy.current_at}, and other keys may sign by now`);
  return new Map(
    copy.documents.map(({ path, headers, body }) => [path, { headers, body: Buffer.from(body) }]),
  );
}

const macText = (copy: Copy): string => `documents ${JSON.stringify(copy)}`;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const unusable = (file: string, fault: string) =>
  new SojournError('key_material_unusable', {
    detail: `The copy of the documents ${file} cannot be served: ${fault}.`,
    advice: 'Start the server when the store is back; it then writes a new copy.',
  });
