/** Stored approvals: requested by clients, decided by administrators, checked at every use of a connection. */
import type { Audit, AuditEntry, RequestContext } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { derivedId } from '../../platform/ids/index.ts';
import {
  allItems,
  type Page,
  records,
  type Store,
  type Stored,
  unknownPart,
} from '../../platform/store/index.ts';
import { type Now, toTimestamp } from '../../platform/time/index.ts';
import type { Client, Clients } from '../clients/index.ts';
import type { Connection, Connections } from '../connections/index.ts';
import {
  type Approval,
  type ApprovalState,
  type DenialInput,
  eventsToRecord,
  type GrantInput,
  type StoredApproval,
  startsNewRequest,
  stateAt,
  storedApproval,
  toApproval,
} from './approval.ts';
import { createRequestCounter } from './request-counter.ts';

/** The state of a client's approval for a connection that needs one. */
export interface ApprovalStatus {
  /** The approval's id; null if the client has not requested one. */
  readonly approval: string | null;
  readonly state: ApprovalState | 'not_requested';
  /** When the grant or the denial ends. */
  readonly expires_at: string | null;
}

export interface Approvals {
  /**
   * For a connection that needs an approval. Resolves to the end of the client's grant in milliseconds since the epoch.
   * Rejects with `approval_required` after storing the request, with `approval_denied`, or with
   * `connection_not_found` if the client or the connection is deleted during the call. Reads the store every time, so
   * that a revocation takes effect on all replicas at once.
   */
  check(client: Client, connection: Connection, context: RequestContext): Promise<number>;
  list(query: {
    state?: ApprovalState;
    connection?: string;
    after?: string;
    limit: number;
  }): Promise<Page<Approval>>;
  /** The state at a time in milliseconds since the epoch; requests nothing. Undefined if the connection needs no approval. */
  status(client: string, connection: Connection, at: number): Promise<ApprovalStatus | undefined>;
  /** Removes the approvals of a deleted client or connection. */
  forget(of: { readonly client: string } | { readonly connection: string }): Promise<void>;
  /** Of several concurrent decisions on one request, one succeeds; the others reject with `approval_conflict`. */
  grant(id: string, input: GrantInput): Promise<Approval>;
  deny(id: string, input: DenialInput): Promise<Approval>;
  /** Revokes a grant or a denial; the client's next request is a new one. */
  revoke(id: string): Promise<Approval>;
}

export function createApprovals(options: {
  store: Store;
  clients: Pick<Clients, 'find'>;
  connections: Pick<Connections, 'find'>;
  audit: Audit;
  now: Now;
}): Approvals {
  const { store, clients, connections, audit, now } = options;
  const approvalRecords = records<StoredApproval>(store, 'approval', 'approval_not_found', (value) =>
    unknownPart(storedApproval, value),
  );
  const requestCounter = createRequestCounter(now);
  const timestamp = () => toTimestamp(now());

  /**
   * Stores the new request and records its audit events. If another process stores or decides a request first, this one
   * does nothing. The events are stored with the request, so that a later request can record them if this process fails.
   */
  async function startRequest(
    approval: StoredApproval,
    previous: Stored<StoredApproval> | undefined,
    { source_ip, request_id }: RequestContext,
  ): Promise<void> {
    const { id, client, connection: within } = approval;
    const unrecorded = eventsToRecord(previous?.value, now());
    const isStored = previous
      ? await store.replace('approval', id, previous.version, { ...approval, unrecorded })
      : await store.insert('approval', id, { ...approval, unrecorded }, { within });
    if (!isStored) return;
    // A deletion removes the approvals after the client or connection: either it removes this one, or this check finds
    // the client or connection missing.
    if (!(await clients.find(client)) || !(await connections.find(within))) {
      await ignoreNotFound(approvalRecords.remove(id));
      throw new SojournError('connection_not_found');
    }
    for (const event of unrecorded) {
      const actor =
        event === 'approval.expired' ? { actor: 'system' } : { actor: client, source_ip, request_id };
      await audit.record({ ...auditEntryOf(event, approval), ...actor });
    }
    await ignoreNotFound(approvalRecords.change(id, ({ unrecorded: _, ...recorded }) => recorded));
  }

  const auditEntryOf = (event: AuditEntry['event'], { id, client, connection, tenant }: StoredApproval) => ({
    event,
    outcome: 'ok' as const,
    client,
    connection,
    tenant,
    facts: { approval: id },
  });

  /** Counts a repeated request. Best effort and batched, so that a polling client does not cause a write each time. */
  async function countRequest(
    { id, version, value }: Stored<StoredApproval>,
    { source_ip }: RequestContext,
  ): Promise<void> {
    const times = requestCounter.count(id);
    if (times === 0) return;
    const updated: StoredApproval = {
      ...value,
      request_count: value.request_count + times,
      last_requested_at: timestamp(),
      source_ip,
    };
    await store.replace('approval', id, version, updated);
  }

  const recordDecision = async (
    id: string,
    from: readonly ApprovalState[],
    decision: Partial<StoredApproval>,
  ) => {
    const decided = await approvalRecords.change(id, (newest) => {
      const state = stateAt(newest, now());
      if (!from.includes(state))
        throw new SojournError('approval_conflict', {
          detail: `The approval is ${state}; it must be ${from.join(' or ')}.`,
        });
      return { ...newest, ...decision, decided_at: timestamp() };
    });
    return toApproval(decided, now());
  };
  const timestampIn = (seconds: number) => toTimestamp(now() + seconds * 1000);

  return {
    async check({ client_id: client }, connection, context) {
      const id = idOf(client, connection.id);
      const stored = await store.get<StoredApproval>('approval', id);
      if (stored) approvalRecords.assertKnown(stored);
      const current = stored?.value;
      if (current?.expires_at && stateAt(current, now()) === 'granted') return Date.parse(current.expires_at);
      if (stored && !startsNewRequest(stored.value, now())) {
        if (stateAt(stored.value, now()) === 'denied') throw denied(stored.value, now());
        await countRequest(stored, context);
      } else {
        const requestedAt = timestamp();
        const approval: StoredApproval = {
          id,
          client,
          connection: connection.id,
          tenant: connection.tenant,
          requested_at: requestedAt,
          last_requested_at: requestedAt,
          request_count: 1,
          source_ip: context.source_ip,
          decision: null,
          decided_at: null,
          expires_at: null,
        };
        await startRequest(approval, stored, context);
      }
      throw required(id);
    },

    async status(client, connection, at) {
      if (connection.approval !== 'required') return undefined;
      const stored = await approvalRecords.find(idOf(client, connection.id));
      return stored
        ? { approval: stored.id, state: stateAt(stored, at), expires_at: stored.expires_at }
        : { approval: null, state: 'not_requested', expires_at: null };
    },

    async forget(of) {
      const within = 'connection' in of ? { within: of.connection } : {};
      for await (const { id, client } of allItems(approvalRecords.list, within)) {
        // Another process may remove the same approval.
        if ('connection' in of || client === of.client) await ignoreNotFound(approvalRecords.remove(id));
      }
    },

    async list({ state, connection, after, limit }) {
      const items: Approval[] = [];
      const stored = allItems(approvalRecords.list, {
        ...(connection === undefined ? {} : { within: connection }),
        ...(after === undefined ? {} : { after }),
      });
      for await (const item of stored) {
        const approval = toApproval(item, now());
        if (state !== undefined && approval.state !== state) continue;
        if (items.length === limit) return { items, next: items.at(-1)!.id };
        items.push(approval);
      }
      return { items };
    },

    grant: (id, { duration }) =>
      recordDecision(id, ['pending'], { decision: 'granted', expires_at: timestampIn(duration) }),

    deny: (id, { duration }) =>
      recordDecision(id, ['pending'], { decision: 'denied', expires_at: timestampIn(duration) }),

    revoke: (id) => recordDecision(id, ['granted', 'denied'], { decision: 'revoked', expires_at: null }),
  };
}

const ignoreNotFound = (work: Promise<unknown>) =>
  work.catch((error: unknown) => {
    if (!(error instanceof SojournError && error.code === 'approval_not_found')) throw error;
  });

const idOf = (client: string, connection: string): string => derivedId('apr', client, connection);

const required = (id: string) =>
  new SojournError('approval_required', {
    detail: `The connection needs an approval. The request ${id} is waiting for an administrator.`,
    advice: `Ask an administrator to grant it (\`sojourn approval grant ${id} --for 2h\`), then try again.`,
  });

const denied = ({ id, expires_at }: StoredApproval, now: number) =>
  new SojournError('approval_denied', {
    detail: `An administrator denied the request ${id}. You can request again after ${expires_at}.`,
    retryAfter: Math.ceil((Date.parse(expires_at ?? '') - now) / 1000),
  });
