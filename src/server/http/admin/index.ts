/**
 * The admin door: /admin/v1, and the probes. Owns: the list of its paths, the token at its entrance, the form of its
 * answers, and that every act is in the audit before it is answered. Does not own: any of the acts; each row hands over
 * to the room that does it.
 */
import Router from '@koa/router';
import type Koa from 'koa';
import { type AppOptions, createApp, lastly } from '../app.ts';
import { guard } from './guard.ts';
import { mount } from './mount.ts';
import { probes } from './probes.ts';
import type { AdminRooms } from './rooms.ts';
import { prefix } from './route.ts';
import { routes } from './routes.ts';

export type { AdminRooms } from './rooms.ts';
export { document as openApi } from './routes.ts';

export function createAdminApp(rooms: AdminRooms, options: AppOptions): Koa {
  const open = new Router({ strict: true, sensitive: true });
  probes(open, rooms);
  const guarded = new Router({ prefix, strict: true, sensitive: true });
  mount(guarded, routes, rooms);

  const app = createApp(options);
  app.use(open.routes());
  app.use(guard(rooms));
  app.use(guarded.routes());
  app.use(lastly);
  return app;
}
