/** The records of a shared store as lines of JSON. */
import { z } from 'zod';
import { SojournError } from '../../platform/errors/index.ts';
import { allItems, type InsertOptions, type RecordType, type Store } from '../../platform/store/index.ts';

/**
 * Order of reading: a record before the records that it refers to, so that every reference can be resolved while servers
 * keep writing; the rings last, to get the newest keys. Left out because they are short-lived or can be recreated:
 * used assertions (minutes), approvals (a day at most; the client requests again), and verifications.
 */
const types = [
  'client',
  'webhook',
  'policy',
  'invitation',
  'connection',
  'shared_principal',
  'tenant',
  'setting',
  'suspension',
  'ring',
] as const satisfies readonly RecordType[];

const pageSize = 500;

export async function readDocuments(store: Store): Promise<string> {
  const lines: string[] = [];
  for (const type of types) {
    const records = allItems((query) => store.list(type, query), {}, pageSize);
    for await (const { id, value } of records) lines.push(`${JSON.stringify({ type, id, value })}\n`);
  }
  return lines.join('');
}

/** Whether the store has no record that a backup would contain. */
export async function isEmpty(store: Store): Promise<boolean> {
  for (const type of types) if ((await store.list(type, { limit: 1 })).items.length > 0) return false;
  return true;
}

const line = z.strictObject({ type: z.enum(types), id: z.string().min(1), value: z.looseObject({}) });
const connectionRecord = z.looseObject({ tenant: z.string().min(1) });
const invitationRecord = z.looseObject({ connection: z.string().min(1), expires_at: z.iso.datetime() });

/** The store lists connections by tenant and invitations by connection; invitations expire. */
function optionsOf(type: RecordType, value: unknown): InsertOptions {
  if (type === 'connection') return { within: connectionRecord.parse(value).tenant };
  if (type !== 'invitation') return {};
  const { connection, expires_at } = invitationRecord.parse(value);
  return { within: connection, expiresAt: Date.parse(expires_at) };
}

/** Validates all lines before it returns the first. */
export function parseDocuments(text: string, source: string): readonly z.infer<typeof line>[] {
  try {
    return text
      .split('\n')
      .filter((row) => row !== '')
      .map((row) => line.parse(JSON.parse(row)));
  } catch {
    // Not the parser's message: it quotes the text, which contains private data.
    throw new SojournError('state_unusable', { detail: `${source} is damaged; nothing was restored.` });
  }
}

/** Writes owners first, so that a concurrent reader never sees a connection without its tenant. */
export async function writeDocuments(
  store: Store,
  documents: ReturnType<typeof parseDocuments>,
): Promise<void> {
  for (const type of types.toReversed()) {
    for (const { id, value } of documents.filter((document) => document.type === type)) {
      if (!(await store.insert(type, id, value, optionsOf(type, value)))) {
        throw new SojournError('state_unusable', {
          detail: `Another process wrote the ${type} ${id} to the store during the restore.`,
          advice: 'Stop all servers, empty the store and restore again.',
        });
      }
    }
  }
}
