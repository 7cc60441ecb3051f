/** The keys of `limits`: what one caller, and all callers together, may take of the server. */
import { z } from 'zod';
import { key } from '../../platform/settings/index.ts';

const countBetween = (least: number, most: number) =>
  z
    .int('must be a whole number')
    .min(least, `must be at least ${least}`)
    .max(most, `must be at most ${most}`);

export const limitKeys = {
  failed_sign_ins: key(
    countBetween(5, 1_000_000),
    60,
    'Failures that one network address may have per minute: failed sign-ins at `/token` and invalid tokens at `/v1` together, and invalid links at `/connect` separately. Above it, the address gets 429 for a while. An IPv6 address counts as its /64.',
  ),
  refused_sign_ins: key(
    countBetween(10, 1_000_000),
    100,
    'Failed sign-ins and invalid links per second from all network addresses together. Above it, only addresses that sent a valid one within 25 hours are admitted; others get 503 at once.',
  ),
  requests_per_address: key(
    countBetween(1, 1_000_000),
    200,
    'Requests per second that one network address may send, except for discovery and JWKS, with a burst of five seconds’ worth; above it, the address gets 429. Clients behind the same NAT, or behind a proxy that is not in `trust_proxy`, share this limit.',
  ),
  requests_per_client: key(
    countBetween(1, 1_000_000),
    50,
    'Requests per second of one authenticated client, from any address. The default is a tenth of what one core can serve.',
  ),
  requests_per_invitation: key(
    countBetween(1, 1_000_000),
    5,
    'Requests per second with the link of one invitation, from any address.',
  ),
  requests_in_flight: key(
    countBetween(10, 100_000),
    1_000,
    'Requests that may be in progress, and as many more that may wait to be started, apart from those for discovery and JWKS. Above it, a request replaces the oldest whose body has not arrived, or gets 503 at once.',
  ),
  connections: key(
    countBetween(10, 1_000_000),
    10_000,
    'Open connections of the public listener, and at most as many as the process has file descriptors for. Beyond it, a new connection replaces the one that has been idle for the longest time.',
  ),
  connections_per_address: key(
    countBetween(1, 1_000_000),
    500,
    'How many of these connections one network address may have; a proxy in `trust_proxy` has no such limit.',
  ),
  concurrent_exchanges: key(
    countBetween(1, 10_000),
    64,
    'Exchanges with clouds that run at the same time. Further exchanges wait for at most 1.5 seconds, round-robin by tenant, and then get 503.',
  ),
  concurrent_exchanges_per_tenant: key(
    countBetween(1, 10_000),
    16,
    'How many of these exchanges may belong to one tenant, so that one hanging cloud does not block other tenants.',
  ),
} as const;
