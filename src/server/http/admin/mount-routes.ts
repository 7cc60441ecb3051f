/** Registers the routes on the router. Every admin request takes the same steps here, so no route can omit one. */
import type Router from '@koa/router';
import type { Context } from 'koa';
import { readJson } from '../body.ts';
import type { Route } from './route.ts';
import type { AdminServices } from './services.ts';

export function mountRoutes(router: Router, routes: readonly Route[], services: AdminServices): void {
  for (const route of routes) {
    router.register(route.path, [route.method], async (ctx: Context & { params: Record<string, string> }) => {
      const { content, auditEvent } = await route.serve(services, {
        params: ctx.params,
        query: new URLSearchParams(ctx.querystring),
        body: await readJson(ctx.req, route.maxBytes),
      });
      // Recorded before the answer is sent, so that no acknowledged change is missing from the audit.
      if (auditEvent)
        await services.audit.record({
          outcome: 'ok',
          actor: 'admin',
          ...auditEvent,
          ...ctx.state.requestContext,
        });
      ctx.status = route.status;
      ctx.set('cache-control', 'no-store');
      if (!content) return;
      ctx.body = content.body;
      ctx.set('content-type', content.mediaType);
      if (content.fileName) ctx.set('content-disposition', `attachment; filename="${content.fileName}"`);
    });
  }
}
