/** The token of `Authorization: Bearer TOKEN` (RFC 6750 section 2.1), or undefined. */
import type { Context } from 'koa';

export const bearerOf = (ctx: Context): string | undefined =>
  /^Bearer ([\w.~+/-]+=*)$/i.exec(ctx.get('authorization'))?.[1];
