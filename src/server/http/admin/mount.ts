/** From rows to a router: the steps that every admin request takes, in one place, so that no row can forget one. */
import type Router from '@koa/router';
import type { Context } from 'koa';
import { requestContextOf } from '../app.ts';
import { readJson } from '../body.ts';
import type { AdminRooms } from './rooms.ts';
import type { Route } from './route.ts';

export function mount(router: Router, routes: readonly Route[], rooms: AdminRooms): void {
  for (const route of routes) {
    router.register(route.path, [route.method], async (ctx: Context & { params: Record<string, string> }) => {
      const { content, did } = await route.serve(rooms, {
        params: ctx.params,
        query: new URLSearchParams(ctx.querystring),
        body: await readJson(ctx.req, route.maxBytes),
      });
      // Before the answer: what was told to be done is in the audit.
      if (did) await rooms.audit.record({ outcome: 'ok', actor: 'admin', ...did, ...requestContextOf(ctx) });
      ctx.status = route.status;
      ctx.set('cache-control', 'no-store');
      if (!content) return;
      ctx.body = content.body;
      ctx.set('content-type', content.mediaType);
      if (content.fileName) ctx.set('content-disposition', `attachment; filename="${content.fileName}"`);
    });
  }
}
