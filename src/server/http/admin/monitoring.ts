/** Health checks and metrics, without a token: the admin listener is not public. */
import type Router from '@koa/router';
import type { AdminServices } from './services.ts';

export function mountMonitoring(
  router: Router,
  { metrics, readiness }: Pick<AdminServices, 'metrics' | 'readiness'>,
) {
  router.use(async (ctx, next) => {
    ctx.set('cache-control', 'no-store');
    await next();
  });

  router.get('/healthz', (ctx) => {
    ctx.body = { status: 'ok' };
  });

  router.get('/readyz', async (ctx) => {
    const checks = await readiness();
    const ready = checks.every(({ ok }) => ok);
    ctx.status = ready ? 200 : 503;
    ctx.body = { status: ready ? 'ready' : 'not_ready', checks };
  });

  router.get('/metrics', async (ctx) => {
    ctx.body = await metrics();
    ctx.set('content-type', 'text/plain; version=0.0.4; charset=utf-8');
  });
}
