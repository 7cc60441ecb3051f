/** From rows to a router: the steps that every admin request takes, in one place, so that no row can forget one. */
import type Router from '@koa/router';
import type { Context } from 'koa';
import { requestContextOf } from '../app.ts';
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
      // Before the answer: what was told to be done is in the audit.
      if (auditEvent)
        await services.audit.record({
          outcome: 'ok',
          actor: 'admin',
          ...auditEvent,
          ...requestContextOf(ctx),
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
