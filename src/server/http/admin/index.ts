/**
 * The admin listener: /admin/v1, health checks and metrics. Owns: its list of paths, the check of the admin token, the
 * form of its answers, and that every change is in the audit before it is answered. Does not own: the changes
 * themselves; each route calls the module that makes them.
 */
import Router from '@koa/router';
import type Koa from 'koa';
import { type AppOptions, createApp, notFoundOrMethodNotAllowed } from '../app.ts';
import { mountMonitoring } from './monitoring.ts';
import { mountRoutes } from './mount-routes.ts';
import { requireAdminToken } from './require-admin-token.ts';
import { requireOwnHost } from './require-own-host.ts';
import { prefix } from './route.ts';
import { routes } from './routes.ts';
import type { AdminServices } from './services.ts';

export { document as openApi } from './routes.ts';
export type { Answers } from './schemas.ts';
export type { AdminServices as AdminRooms } from './services.ts';

export function createAdminApp(services: AdminServices, options: AppOptions): Koa {
  const open = new Router({ strict: true, sensitive: true });
  mountMonitoring(open, services);
  const guarded = new Router({ prefix, strict: true, sensitive: true });
  mountRoutes(guarded, routes, services);

  const app = createApp(options);
  app.use(open.routes());
  app.use(requireOwnHost(services));
  app.use(requireAdminToken(services));
  app.use(guarded.routes());
  app.use(notFoundOrMethodNotAllowed);
  return app;
}
