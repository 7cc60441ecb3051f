/** The requests in the store: asked by clients, decided by administrators, and looked at for every use. */
import type { Audit, AuditEntry, RequestContext } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { derivedId } from '../../platform/ids/index.ts';
import { type Page, records, type Store, type Stored } from '../../platform/store/index.ts';
import { type Now, toTimestamp } from '../../platform/time/index.ts';
import { read } from '../../platform/validation/index.ts';
import type { Client, Clients } from '../clients/index.ts';
import type { Connection, Connections } from '../connections/index.ts';
import {
  type Approval,
  type ApprovalState,
  canAskAnew,
  denialInput,
  grantInput,
  type Kept,
  stateAt,
  toTell,
  view,
} from './approval.ts';
import { createTally } from './tally.ts';

/** How a client stands with a connection that wants an approval. */
export interface Standing {
  /** Null where the client has asked for nothing yet. */
  readonly request: string | null;
  readonly state: ApprovalState | 'unasked';
  /** Of the approval. */
  readonly until: string | null;
}

export interface Approvals {
  /**
   * When the client's grant ends, in milliseconds; undefined where the connection wants none. Rejects with
   * `approval_required`, once the request is kept, with `approval_denied`, or with `connection_not_found` where one of
   * them is deleted meanwhile. Read from the store each time, so that a grant that was revoked on one replica is none on any.
   */
  check(client: Client, connection: Connection, context: RequestContext): Promise<number | undefined>;
  list(query: {
    state?: ApprovalState;
    connection?: string;
    after?: string;
    limit: number;
  }): Promise<Page<Approval>>;
  /** What `check` would find at this time, in milliseconds; asks for nothing. Undefined where the connection wants none. */
  look(client: string, connection: Connection, at: number): Promise<Standing | undefined>;
  /** Removes the requests and grants of a client or of a connection, which is gone. */
  forget(of: { readonly client: string } | { readonly connection: string }): Promise<void>;
  /** Of any number of decisions on one request one is taken; the others reject with `approval_conflict`. */
  grant(id: string, input: unknown): Promise<Approval>;
  deny(id: string, input: unknown): Promise<Approval>;
  /** Takes a grant or a denial back; the next time that the client asks is a new request. */
  revoke(id: string): Promise<Approval>;
}

const pageSize = 200;

export function createApprovals(options: {
  store: Store;
  clients: Pick<Clients, 'find'>;
  connections: Pick<Connections, 'find'>;
  audit: Audit;
  now: Now;
}): Approvals {
  const { store, clients, connections, audit, now } = options;
  const kept = records<Kept>(store, 'approval', 'approval_not_found');
  const tally = createTally(now);
  const stamp = () => toTimestamp(now());

  /**
   * Keeps the new request, and tells the audit. Whoever is faster has asked or decided meanwhile, and either is as good.
   * What is to be told is kept with it, so that nothing goes untold for good.
   */
  async function askAnew(
    asked: Kept,
    before: Stored<Kept> | undefined,
    { source_ip, request_id }: RequestContext,
  ): Promise<void> {
    const { id, client, connection: within } = asked;
    const untold = toTell(before?.value, now());
    const isFirst = before
      ? await store.replace('approval', id, before.version, { ...asked, untold })
      : await store.insert('approval', id, { ...asked, untold }, { within });
    if (!isFirst) return;
    // Whoever deletes one of them forgets its requests afterwards: either that finds this one, or this finds it gone.
    if (!(await clients.find(client)) || !(await connections.find(within))) {
      await unlessGone(kept.remove(id));
      throw new SojournError('connection_not_found');
    }
    for (const event of untold) {
      const by =
        event === 'approval.expired' ? { actor: 'system' } : { actor: client, source_ip, request_id };
      await audit.record({ ...about(event, asked), ...by });
    }
    await unlessGone(kept.change(id, ({ untold: _, ...told }) => told));
  }

  const about = (event: AuditEntry['event'], { id, client, connection, tenant }: Kept) => ({
    event,
    outcome: 'ok' as const,
    client,
    connection,
    tenant,
    facts: { approval: id },
  });

  /** Noted now and then, and not at any price: a client that asks all the time costs no write each time. */
  async function count({ id, version, value }: Stored<Kept>, { source_ip }: RequestContext): Promise<void> {
    const times = tally.count(id);
    if (times === 0) return;
    const counted: Kept = {
      ...value,
      asked: value.asked + times,
      last_requested_at: stamp(),
      address: source_ip,
    };
    await store.replace('approval', id, version, counted);
  }

  const decide = async (id: string, from: readonly ApprovalState[], decision: Partial<Kept>) => {
    const decided = await kept.change(id, (newest) => {
      const state = stateAt(newest, now());
      if (!from.includes(state))
        throw new SojournError('approval_conflict', {
          detail: `The request is ${state} and not ${from.join(' or ')}.`,
        });
      return { ...newest, ...decision, decided_at: stamp() };
    });
    return view(decided, now());
  };
  const inSeconds = (seconds: number) => toTimestamp(now() + seconds * 1000);

  return {
    async check({ client_id: client }, connection, context) {
      if (connection.approval !== 'required') return undefined;
      const id = idOf(client, connection.id);
      const stored = await store.get<Kept>('approval', id);
      const found = stored?.value;
      if (found?.until && stateAt(found, now()) === 'granted') return Date.parse(found.until);
      if (stored && !canAskAnew(stored.value, now())) {
        if (stateAt(stored.value, now()) === 'denied') throw denied(stored.value, now());
        await count(stored, context);
      } else {
        const at = stamp();
        const asked: Kept = {
          id,
          client,
          connection: connection.id,
          tenant: connection.tenant,
          requested_at: at,
          last_requested_at: at,
          asked: 1,
          address: context.source_ip,
          decision: null,
          decided_at: null,
          until: null,
        };
        await askAnew(asked, stored, context);
      }
      throw required(id);
    },

    async look(client, connection, at) {
      if (connection.approval !== 'required') return undefined;
      const found = await kept.find(idOf(client, connection.id));
      return found
        ? { request: found.id, state: stateAt(found, at), until: found.until }
        : { request: null, state: 'unasked', until: null };
    },

    async forget(of) {
      const within = 'connection' in of ? { within: of.connection } : {};
      let after: string | undefined;
      do {
        const page = await kept.list({
          limit: pageSize,
          ...within,
          ...(after === undefined ? {} : { after }),
        });
        // Two who remove the same thing are both right.
        for (const { id, client } of page.items)
          if ('connection' in of || client === of.client) await unlessGone(kept.remove(id));
        after = page.next;
      } while (after !== undefined);
    },

    async list({ state, connection, after, limit }) {
      const items: Approval[] = [];
      let from = after;
      do {
        const page = await kept.list({
          limit: pageSize,
          ...(connection === undefined ? {} : { within: connection }),
          ...(from === undefined ? {} : { after: from }),
        });
        for (const one of page.items.map((item) => view(item, now()))) {
          if (state !== undefined && one.state !== state) continue;
          if (items.length === limit) return { items, next: items.at(-1)!.id };
          items.push(one);
        }
        from = page.next;
      } while (from !== undefined);
      return { items };
    },

    async grant(id, input) {
      const until = inSeconds(read(grantInput, input).for);
      return decide(id, ['pending'], { decision: 'granted', until });
    },

    async deny(id, input) {
      const until = inSeconds(read(denialInput, input).for);
      return decide(id, ['pending'], { decision: 'denied', until });
    },

    revoke: (id) => decide(id, ['granted', 'denied'], { decision: 'revoked', until: null }),
  };
}

const unlessGone = (work: Promise<unknown>) =>
  work.catch((error: unknown) => {
    if (!(error instanceof SojournError && error.code === 'approval_not_found')) throw error;
  });

const idOf = (client: string, connection: string): string => derivedId('apr', client, connection);

const required = (id: string) =>
  new SojournError('approval_required', {
    detail: `The connection wants an approval; the request ${id} waits for an administrator.`,
    advice: `Let an administrator grant it, \`sojourn approval grant ${id} --for 2h\`, then ask again.`,
  });

const denied = ({ id, until }: Kept, now: number) =>
  new SojournError('approval_denied', {
    detail: `An administrator has denied the request ${id}; it can be made again from ${until} on.`,
    retryAfter: Math.ceil((Date.parse(until ?? '') - now) / 1000),
  });
