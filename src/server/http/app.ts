/** The base of both listeners' koa applications: request context, security headers, one error handler and metrics. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import Koa, { type Context, type Next } from 'koa';
import type { RequestContext } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import type { Now } from '../../platform/time/index.ts';
import { answerProblem, asSojournError } from './problem.ts';
import { faultOfTarget } from './request-target.ts';

export interface AppOptions {
  readonly logger: Logger;
  readonly now: Now;
  /** The caller's network address, as trusted proxies report it. */
  readonly addressOf: (request: IncomingMessage) => string;
  /** Called after each request, for the metrics. `route` is a pattern, never a path with ids. */
  readonly observe: (request: { route: string; method: string; status: number; seconds: number }) => void;
}

/** Refused because of a limit: the metrics count these requests. */
const shed: ReadonlySet<string> = new Set(['server_busy', 'overloaded']);

declare module 'koa' {
  interface DefaultState {
    readonly requestContext: RequestContext;
  }
}

export function createApp({ logger, now, addressOf, observe }: AppOptions): Koa {
  const app = new Koa();
  app.silent = true;
  app.on('error', (err: NodeJS.ErrnoException, { req }: Context) => {
    // A caller that closes its connection, or sends an invalid body, could write any number of lines.
    const isOfCaller = err === req.socket.errored || err.code === 'ERR_STREAM_PREMATURE_CLOSE';
    if (!isOfCaller) logger.error({ err }, 'cannot send a response');
  });
  app.use(async (ctx: Context, next: Next) => {
    const startedAt = now();
    const context: RequestContext = { request_id: randomUUID(), source_ip: addressOf(ctx.req) };
    ctx.state = { requestContext: context };
    ctx.set({
      'x-request-id': context.request_id,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    });
    try {
      const fault = faultOfTarget(ctx.req);
      if (fault) throw new SojournError(fault);
      await next();
    } catch (cause) {
      const error = asSojournError(cause);
      if (error.status >= 500 && !shed.has(error.code))
        logger.error(
          { err: error.cause ?? error, code: error.code, request_id: context.request_id },
          error.message,
        );
      answerProblem(ctx, error, context.request_id);
      // Proxies may disagree on where such a request ends and which host it is for.
      if (error.code === 'host_invalid') ctx.set('connection', 'close');
    }
    const route = (ctx as { _matchedRoute?: unknown })._matchedRoute;
    observe({
      route: typeof route === 'string' ? route : 'other',
      method: ctx.method,
      status: ctx.res.statusCode,
      seconds: (now() - startedAt) / 1000,
    });
  });
  return app;
}

/** The last middleware: throws `not_found` if no route has this path, or `method_not_allowed` if none has this method. */
export function notFoundOrMethodNotAllowed(ctx: Context): never {
  const { matched = [] } = ctx as { matched?: { methods: string[] }[] };
  const methods = new Set(matched.flatMap((layer) => layer.methods));
  if (methods.size === 0) throw new SojournError('not_found');
  ctx.set('allow', [...methods].join(', '));
  throw new SojournError('method_not_allowed', { detail: `This path does not serve ${ctx.method}.` });
}
