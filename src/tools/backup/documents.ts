/** The documents of a shared store as lines of JSON. */
import { z } from 'zod';
import { SojournError } from '../../platform/errors/index.ts';
import type { InsertOptions, Kind, Store } from '../../platform/store/index.ts';

/**
 * What refers to others comes before them, so that nothing is read whose owner was read too early; the rings last, for
 * the newest keys. Used assertions (`once`) are over in minutes and grants (`approval`) in a day, and stay out: whoever was
 * let in asks again. So do reports, which a verification makes anew.
 */
const kinds = [
  'client',
  'webhook',
  'policy',
  'invitation',
  'connection',
  'tenant',
  'setting',
  'ring',
] as const satisfies readonly Kind[];

const pageSize = 500;

export async function readDocuments(store: Store): Promise<string> {
  const lines: string[] = [];
  for (const kind of kinds) {
    for (let after: string | undefined; ; ) {
      const page = await store.list(kind, { limit: pageSize, ...(after === undefined ? {} : { after }) });
      for (const { id, value } of page.items) lines.push(`${JSON.stringify({ kind, id, value })}\n`);
      if (page.next === undefined) break;
      after = page.next;
    }
  }
  return lines.join('');
}

/** Whether the store has nothing that a backup would hold. */
export async function isEmpty(store: Store): Promise<boolean> {
  for (const kind of kinds) if ((await store.list(kind, { limit: 1 })).items.length > 0) return false;
  return true;
}

const line = z.strictObject({ kind: z.enum(kinds), id: z.string().min(1), value: z.looseObject({}) });
const ofTenant = z.looseObject({ tenant: z.string().min(1) });
const ofConnection = z.looseObject({ connection: z.string().min(1), expires_at: z.iso.datetime() });

/** A connection is listed by its tenant, an invitation by its connection, and the latter has an end. */
function optionsOf(kind: Kind, value: unknown): InsertOptions {
  if (kind === 'connection') return { within: ofTenant.parse(value).tenant };
  if (kind !== 'invitation') return {};
  const { connection, expires_at } = ofConnection.parse(value);
  return { within: connection, expiresAt: Date.parse(expires_at) };
}

/** Every line is read before the first is returned. */
export function parseDocuments(text: string, source: string): readonly z.infer<typeof line>[] {
  try {
    return text
      .split('\n')
      .filter((one) => one !== '')
      .map((one) => line.parse(JSON.parse(one)));
  } catch {
    // Without the parser's own words: they quote the text.
    throw new SojournError('state_unusable', { detail: `${source} is damaged; nothing was restored.` });
  }
}

/** Owners first: whoever looks meanwhile finds no connection without its tenant. */
export async function writeDocuments(
  store: Store,
  documents: ReturnType<typeof parseDocuments>,
): Promise<void> {
  for (const kind of kinds.toReversed()) {
    for (const { id, value } of documents.filter((one) => one.kind === kind)) {
      if (!(await store.insert(kind, id, value, optionsOf(kind, value)))) {
        throw new SojournError('state_unusable', {
          detail: `The store got a ${kind} ${id} while it was being restored.`,
          advice: 'Stop every server, empty the store and restore again.',
        });
      }
    }
  }
}
