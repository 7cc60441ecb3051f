/**
 * The public door: discovery, JWKS, /token, /v1 and /connect. Owns: the allow-list of paths; whatever is not on it is
 * not there. Does not own: issuing (issuer), entering clouds (exchange), and what a customer sees and does (customer).
 */
import Router from '@koa/router';
import type Koa from 'koa';
import type { Context, Next } from 'koa';
import type { Portal } from '../../../onboarding/portal/index.ts';
import type { Audit } from '../../../platform/audit/index.ts';
import { SojournError } from '../../../platform/errors/index.ts';
import type { RequestLimits } from '../../../platform/limits/index.ts';
import type { Now } from '../../../platform/time/index.ts';
import type { Exchange } from '../../../tokens/exchange/index.ts';
import {
  discoveryPath,
  type Issuer,
  type Issuers,
  jwksPath,
  tokenPath,
} from '../../../tokens/issuer/index.ts';
import { type AppOptions, createApp, notFoundOrMethodNotAllowed, requestContextOf } from '../app.ts';
import { asSojournError } from '../problem.ts';
import { mountConnect } from './connect.ts';
import { mountCredentials } from './credentials.ts';
import { serveDocument } from './documents.ts';
import { answerUnread, type CertificateOf, tokenDoor } from './token.ts';
import { createUnauthenticatedCallers, type UnauthenticatedCallers } from './unauthenticated-callers.ts';

export interface PublicServices {
  readonly issuers: Issuers;
  readonly exchange: Exchange;
  readonly customer: Portal;
  readonly audit: Audit;
  readonly now: Now;
  readonly limits: RequestLimits;
  /** How many sign-ins an address may fail in a minute. */
  readonly failedSignIns: number;
  readonly certificateOf: CertificateOf;
  /** The path of the issuer: empty for `https://id.vendor.com`. */
  readonly path: string;
}

interface Tenant {
  readonly params: { readonly tenant?: string };
}

export function createPublicApp(services: PublicServices, options: AppOptions): Koa {
  const { issuers, path, certificateOf } = services;
  const router = new Router({ prefix: path, strict: true, sensitive: true });
  const unauthenticatedCallers = createUnauthenticatedCallers(services);
  const limited = limitToken(unauthenticatedCallers);
  const serveIssuer = (below: string, find: (ctx: Context & Tenant) => Promise<Issuer>) => {
    router.get(below + discoveryPath, async (ctx) => serveDocument(ctx, (await find(ctx)).discovery()));
    router.get(below + jwksPath, async (ctx) => serveDocument(ctx, (await find(ctx)).jwks()));
    router.post(below + tokenPath, async (ctx) =>
      limited(ctx, async () => tokenDoor(await find(ctx), certificateOf, ctx)),
    );
  };
  serveIssuer('', async () => issuers.main);
  serveIssuer('/t/:tenant', async ({ params: { tenant = '' } }) => {
    const issuer = /^ten_[0-9a-z]{26}$/.test(tenant) ? await issuers.ofTenant(tenant) : undefined;
    if (!issuer) throw new SojournError('not_found');
    return issuer;
  });
  mountCredentials(router, { ...services, unauthenticatedCallers });
  mountConnect(router, { ...services, origin: new URL(issuers.main.url).origin });

  const app = createApp(options);
  app.use(originFormOnly);
  app.use(router.routes());
  app.use(notFoundOrMethodNotAllowed);
  return app;
}

/** Answers who asks or has failed too often unread; `work` tells whether the request of anybody else has failed. */
function limitToken(unauthenticatedCallers: UnauthenticatedCallers) {
  return async (ctx: Context, work: () => Promise<boolean>): Promise<void> => {
    const context = requestContextOf(ctx);
    try {
      await unauthenticatedCallers.admit(context);
    } catch (error) {
      return answerUnread(ctx, asSojournError(error));
    }
    if (await work()) await unauthenticatedCallers.recordFailure(context);
  };
}

/** `GET http://elsewhere/…` and `//…` name another place than this one (RFC 9112 section 3.2). */
async function originFormOnly(ctx: Context, next: Next): Promise<void> {
  if (!/^\/(?!\/)/.test(ctx.req.url ?? '')) throw new SojournError('not_found');
  await next();
}
