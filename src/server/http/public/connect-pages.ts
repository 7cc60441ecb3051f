/** Sends pages with their security headers, and errors as pages. */
import type { Context } from 'koa';
import { type Frame, plainPage } from '../../../onboarding/page/index.ts';
import type { SojournError } from '../../../platform/errors/index.ts';

/** Allows only our own style sheet, script, forms and event streams (CSP level 3). */
const policy = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function answerPage(ctx: Context, status: number, page: string): void {
  ctx.status = status;
  ctx.set({
    'cache-control': 'no-store',
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    'x-frame-options': 'DENY',
  });
  ctx.body = page;
}

/** @param back URL of the page, if the caller has a valid invitation */
export function answerRefusal(ctx: Context, frame: Frame, error: SojournError, back?: string): void {
  if (error.retryAfter !== undefined) ctx.set('retry-after', String(error.retryAfter));
  answerPage(ctx, error.status, plainPage(frame, error.message, [error.advice], back));
}

/** RFC 9110 section 15.4.4. */
export function seeOther(ctx: Context, url: string): void {
  ctx.status = 303;
  ctx.set({ location: url, 'cache-control': 'no-store' });
  ctx.body = '';
}
