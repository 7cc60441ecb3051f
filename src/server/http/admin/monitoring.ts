/** Health checks and metrics, without a token: the admin listener is not public. */
import type Router from '@koa/router';
import type { Context } from 'koa';
import { isReady, type ReadinessCheck } from '../../health/index.ts';
import { documentsReadinessPath, readinessPath, readinessStatus } from '../readiness.ts';
import type { AdminServices } from './services.ts';

export function mountMonitoring(
  router: Router,
  { metrics, health }: Pick<AdminServices, 'metrics' | 'health'>,
) {
  router.use(async (ctx, next) => {
    ctx.set('cache-control', 'no-store');
    await next();
  });

  router.get('/healthz', (ctx) => {
    ctx.body = { status: 'ok' };
  });

  router.get(readinessPath, async (ctx) => answer(ctx, await health.checks()));
  router.get(documentsReadinessPath, (ctx) => answer(ctx, health.documentChecks()));

  router.get('/metrics', async (ctx) => {
    ctx.body = await metrics();
    ctx.set('content-type', 'text/plain; version=0.0.4; charset=utf-8');
  });
}

function answer(ctx: Context, checks: readonly ReadinessCheck[]): void {
  const { status, text } = readinessStatus(isReady(checks));
  ctx.status = status;
  ctx.body = { status: text, checks };
}
