/**
 * The public listener: discovery, JWKS, /token, /v1, /connect and readiness. Owns: the allow-list of paths; any other path is 404.
 * Does not own: issuing tokens (issuer), exchanging them for credentials (exchange), and the customer's page (portal).
 */
import type { IncomingMessage, RequestListener } from 'node:http';
import Router from '@koa/router';
import type { Portal } from '../../../onboarding/portal/index.ts';
import type { Audit } from '../../../platform/audit/index.ts';
import { SojournError } from '../../../platform/errors/index.ts';
import type { KnownAddresses, RequestLimits } from '../../../platform/limits/index.ts';
import { withStoreBudget } from '../../../platform/store/index.ts';
import type { Now } from '../../../platform/time/index.ts';
import type { Exchange } from '../../../tokens/exchange/index.ts';
import {
  discoveryPath,
  type Issuer,
  type Issuers,
  jwksPath,
  tokenPath,
} from '../../../tokens/issuer/index.ts';
import { type AppOptions, createApp, notFoundOrMethodNotAllowed } from '../app.ts';
import { answerBusy, unread } from '../busy.ts';
import { documentsFirst, endsIn, type Handler, serveDocument } from '../fixed-documents.ts';
import type { Probes } from '../readiness.ts';
import { mountConnect } from './connect.ts';
import { mountCredentials } from './credentials.ts';
import { documentOf, documentPaths, findDocument } from './documents.ts';
import { type CertificateOf, createTokenRoute, type TenantContext } from './token.ts';
import { createUnauthenticatedCallers } from './unauthenticated-callers.ts';

export interface PublicServices {
  readonly issuers: Issuers;
  readonly exchange: Exchange;
  readonly portal: Portal;
  readonly audit: Audit;
  /** The text of the key that verifies checkpoints; undefined until it was created. */
  readonly auditKey: () => string | undefined;
  readonly now: Now;
  readonly limits: RequestLimits;
  /** Number of failed sign-ins that an address may have per minute. */
  readonly failedSignIns: number;
  /** Failed sign-ins per second from all addresses. */
  readonly refusedSignIns: number;
  readonly knownAddresses: KnownAddresses;
  /** Requests in progress, apart from those for documents. */
  readonly requestsInFlight: number;
  readonly certificateOf: CertificateOf;
  readonly probes: Probes;
  /** The path of the issuer: empty for `https://id.vendor.com`. */
  readonly path: string;
}

export function createPublicApp(services: PublicServices, options: AppOptions): RequestListener {
  const { issuers, path, limits, probes } = services;
  const router = new Router({ prefix: path, strict: true, sensitive: true });
  const limitedServices = { ...services, ...createUnauthenticatedCallers(services) };
  const serveIssuer = (base: string, find: (ctx: TenantContext) => Promise<Issuer>) => {
    // Reached if `documentsFirst` found none, to answer the reason.
    for (const name of [discoveryPath, jwksPath])
      router.get(base + name, async (ctx) => {
        await limits.countAddress(ctx.state.requestContext);
        serveDocument(ctx.req, ctx.res, documentOf(await find(ctx), name));
        ctx.respond = false;
      });
    router.post(base + tokenPath, createTokenRoute(find, limitedServices));
  };
  serveIssuer('', async () => issuers.shared);
  serveIssuer('/t/:tenant', async ({ params: { tenant = '' } }) => {
    const issuer = /^ten_[0-9a-z]{26}$/.test(tenant) ? await issuers.ofTenant(tenant) : undefined;
    if (!issuer) throw new SojournError('not_found');
    return issuer;
  });
  mountCredentials(router, limitedServices);
  mountConnect(router, { ...limitedServices, origin: new URL(issuers.shared.url).origin });

  const app = createApp(options);
  app.use(router.routes());
  app.use(async (ctx) => {
    await limits.countAddress(ctx.state.requestContext);
    notFoundOrMethodNotAllowed(ctx);
  });
  return withStoreBudget(
    documentsFirst(
      { find: findDocument(issuers, path, services.auditKey), isDocument: endsIn(documentPaths), probes },
      options,
      limitInFlight(services.requestsInFlight, options.observe, app.callback()),
    ),
  );
}

/**
 * Answers 503 at once while `most` requests are in progress, unless the body of one has not arrived: the new request replaces
 * the oldest of these, so that slow bodies keep no other caller out. An event stream counts until it has begun.
 */
function limitInFlight(most: number, observe: AppOptions['observe'], handle: Handler): Handler {
  let inFlight = 0;
  /** Requests in progress whose bodies had not arrived when they were last looked at, the oldest first. */
  const arriving = new Set<IncomingMessage>();
  const closeSlowest = (): boolean => {
    for (const request of arriving) {
      arriving.delete(request);
      if (request.complete) continue;
      request.socket.destroy();
      return true;
    }
    return false;
  };
  return async (request, response) => {
    if (inFlight >= most && !closeSlowest()) {
      answerBusy(response);
      observe(unread);
      return;
    }
    inFlight += 1;
    arriving.add(request);
    try {
      await handle(request, response);
    } finally {
      inFlight -= 1;
      arriving.delete(request);
    }
  };
}
