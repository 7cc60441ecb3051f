/** Writes documents to one bucket, and remembers what it wrote, so that only changes are sent. */

import {
  type Connection,
  type Connections,
  resolveConnection,
  unavailableReason,
} from '../../access/connections/index.ts';
import { type BucketLocation, cloudOf } from '../../clouds/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Now } from '../../platform/time/index.ts';
import type { Exchange } from '../exchange/index.ts';
import type { PublishedDocument } from '../issuer/index.ts';

export interface BucketTarget extends BucketLocation {
  readonly connection: string;
  readonly public_url?: string | undefined;
}

export interface BucketWriterOptions {
  readonly connections: Pick<Connections, 'get'>;
  readonly exchange: Pick<Exchange, 'attemptToPublish'>;
  readonly now: Now;
  /** Aborts when the process shuts down. */
  readonly shutdown: AbortSignal;
}

/** For one document, retries included: the same limit as for a cloud exchange. */
const deadlineMs = 5_000;
const maxConcurrentPuts = 8;

export class BucketWriter {
  readonly target: BucketTarget;
  readonly #options: BucketWriterOptions;
  /** The ETag last written, by path. */
  readonly #written = new Map<string, string>();

  constructor(target: BucketTarget, options: BucketWriterOptions) {
    this.target = target;
    this.#options = options;
  }

  /** The next `publish` writes everything again, because objects in the bucket may be lost or altered. */
  forget(): void {
    this.#written.clear();
  }

  /**
   * Writes the documents that differ from the last ones written, and returns their number. Rejects with `cloud_…`,
   * `connection_…` or `keys_unavailable`; documents written before the error are not written again.
   */
  async publish(documents: readonly PublishedDocument[]): Promise<{ put: number; connection?: Connection }> {
    const { connections, exchange, shutdown } = this.#options;
    const changed = documents.filter(
      ({ path, document }) => this.#written.get(path) !== document.headers.etag,
    );
    if (changed.length === 0) return { put: 0 };
    const connection = await connections.get(this.target.connection);
    const reason = unavailableReason(connection);
    if (reason) throw new SojournError(reason);
    const { objectStore } = cloudOf(connection.cloud);
    if (objectStore === undefined || !this.target.to.startsWith(objectStore.scheme)) {
      throw new SojournError('cloud_request_invalid', {
        detail: `The connection is for ${connection.cloud}, which does not host the bucket ${this.target.to}.`,
        advice: 'Name a connection to the cloud of the bucket in keys.publish.',
      });
    }
    const credentials = await exchange.attemptToPublish(resolveConnection(connection));
    for (let start = 0; start < changed.length; start += maxConcurrentPuts) {
      await Promise.all(
        changed.slice(start, start + maxConcurrentPuts).map(async ({ path, document }) => {
          await objectStore.put({
            location: this.target,
            path,
            body: document.body.toString(),
            contentType: document.headers['content-type'] ?? '',
            cacheControl: document.headers['cache-control'] ?? '',
            credentials,
            now: this.#options.now,
            signal: AbortSignal.any([shutdown, AbortSignal.timeout(deadlineMs)]),
          });
          this.#written.set(path, document.headers.etag ?? '');
        }),
      );
    }
    return { put: changed.length, connection };
  }
}
