/** A customer with three sandbox clouds and a server, and a clock for all of them that a test sets. */
import { jest } from '@jest/globals';
import {
  clientSecret,
  createSojourn,
  type Sojourn,
  type SojournOptions,
} from '../../../src/tools/sdk/index.ts';
import { type Customer, connectCustomer } from '../../e2e/customer.ts';
import { openPipeline, type Pipeline } from '../../tokens/exchange/pipeline.ts';

export interface Stage {
  readonly pipeline: Pipeline;
  readonly customer: Customer;
  sojourn(more?: Partial<SojournOptions>): Sojourn;
  /** Environment variables of the issuer and the client. */
  readonly env: Record<string, string>;
}

export async function openStage(): Promise<Stage> {
  // Long times, because the tests skip hours, and the server does not sign with a stale key ring.
  const keys = { publish_lead: '24h', stale_after: '12h' };
  // Not the default, which keeps the real `Date.now` when `freezeClock` replaces it.
  const now = () => Date.now();
  const pipeline = await openPipeline({ config: { keys }, now, sandboxNow: now });
  const customer = await connectCustomer(pipeline.admin, pipeline.sandbox);
  const { client_id: clientId, client_secret: secret } = await pipeline.admin.post<{
    client_id: string;
    client_secret: string;
  }>('/clients', { name: 'by-sdk', may_use: [{ tenant: customer.tenant }] });
  return {
    pipeline,
    customer,
    sojourn: (more = {}) =>
      createSojourn({ issuer: pipeline.issuer, signIn: clientSecret({ clientId, secret }), ...more }),
    env: {
      SOJOURN_ISSUER: pipeline.issuer,
      SOJOURN_CLIENT_ID: clientId,
      SOJOURN_CLIENT_SECRET: secret,
    },
  };
}

/** Freezes `Date` until `advance` moves it; timers keep running. */
export function freezeClock(): { advance(minutes: number): void; release(): void } {
  jest.useFakeTimers({
    now: Date.now(),
    doNotFake: [
      'hrtime',
      'nextTick',
      'performance',
      'queueMicrotask',
      'setImmediate',
      'clearImmediate',
      'setInterval',
      'clearInterval',
      'setTimeout',
      'clearTimeout',
    ],
  });
  return {
    advance: (minutes) => {
      jest.setSystemTime(Date.now() + minutes * 60_000);
    },
    release: () => {
      jest.useRealTimers();
    },
  };
}
