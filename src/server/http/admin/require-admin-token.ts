/** Rejects every request without the admin token, also for paths that do not exist. */
import type { Context, Next } from 'koa';
import { SojournError } from '../../../platform/errors/index.ts';
import { notFoundOrMethodNotAllowed } from '../app.ts';
import { bearerOf } from '../bearer.ts';
import { prefix } from './route.ts';
import type { AdminServices } from './services.ts';

export const requireAdminToken =
  ({ adminToken, audit }: Pick<AdminServices, 'adminToken' | 'audit'>) =>
  async (ctx: Context, next: Next): Promise<void> => {
    if (ctx.path !== prefix && !ctx.path.startsWith(`${prefix}/`)) return notFoundOrMethodNotAllowed(ctx);
    const token = bearerOf(ctx);
    if (token === undefined || !adminToken.matches(token)) {
      await audit.record({
        event: 'admin.refused',
        outcome: 'refused',
        actor: 'unknown',
        ...ctx.state.requestContext,
        reason: token === undefined ? 'missing bearer token' : 'invalid bearer token',
      });
      throw new SojournError('unauthorized');
    }
    await next();
  };
