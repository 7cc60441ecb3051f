/** One bucket: what this process has put there, and putting there what differs from that. */

import { type Connection, type Connections, unavailableReason } from '../../access/connections/index.ts';
import { type BucketLocation, clouds } from '../../clouds/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Now } from '../../platform/time/index.ts';
import type { Exchange } from '../exchange/index.ts';
import type { PublishedDocument } from '../issuer/index.ts';

export interface PublishPlace extends BucketLocation {
  readonly connection: string;
  readonly public_url?: string | undefined;
}

export interface PlaceOptions {
  readonly connections: Pick<Connections, 'get'>;
  readonly exchange: Pick<Exchange, 'attempt'>;
  readonly now: Now;
  /** Aborts when the process goes down. */
  readonly ending: AbortSignal;
}

/** For one document, further tries included: as long as a visit to a cloud may take. */
const deadlineMs = 5_000;
const atOnce = 8;

export class Place {
  readonly where: PublishPlace;
  readonly #options: PlaceOptions;
  /** By path, the ETag of what was put there last. */
  readonly #put = new Map<string, string>();

  constructor(where: PublishPlace, options: PlaceOptions) {
    this.where = where;
    this.#options = options;
  }

  /** What is there may be gone or altered: the next turn puts everything. */
  forget(): void {
    this.#put.clear();
  }

  /**
   * Puts what differs from what was put before, and tells how much that was. Rejects with `cloud_…`, `connection_…` or
   * `keys_unavailable`; what was put until then needs no other turn.
   */
  async publish(documents: readonly PublishedDocument[]): Promise<{ put: number; connection?: Connection }> {
    const { connections, exchange, ending } = this.#options;
    const changed = documents.filter(({ path, document }) => this.#put.get(path) !== document.headers.etag);
    if (changed.length === 0) return { put: 0 };
    const connection = await connections.get(this.where.connection);
    const closed = unavailableReason(connection);
    if (closed) throw new SojournError(closed);
    const { bucket } = clouds[connection.cloud];
    if (!bucket.accepts(this.where.to)) {
      throw new SojournError('cloud_request_invalid', {
        detail: `The connection leads to ${connection.cloud}, and ${this.where.to} is not there.`,
        advice: 'Name a connection to the cloud of the bucket in keys.publish.',
      });
    }
    const pass = await exchange.attempt(connection, 'system');
    for (let at = 0; at < changed.length; at += atOnce) {
      await Promise.all(
        changed.slice(at, at + atOnce).map(async ({ path, document }) => {
          await bucket.put({
            location: this.where,
            path,
            body: document.body.toString(),
            contentType: document.headers['content-type'] ?? '',
            cacheControl: document.headers['cache-control'] ?? '',
            credentials: pass,
            now: this.#options.now,
            signal: AbortSignal.any([ending, AbortSignal.timeout(deadlineMs)]),
          });
          this.#put.set(path, document.headers.etag ?? '');
        }),
      );
    }
    return { put: changed.length, connection };
  }
}
