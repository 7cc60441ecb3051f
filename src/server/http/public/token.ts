/** POST /token: reads the form and hands it to the issuer, which answers in OAuth's own form. */
import type { IncomingMessage } from 'node:http';
import type { Context } from 'koa';
import type { Presented } from '../../../access/certificates/index.ts';
import { errorTable, SojournError } from '../../../platform/errors/index.ts';
import type { Issuer, Refusal } from '../../../tokens/issuer/index.ts';
import { requestContextOf } from '../app.ts';
import { readText } from '../body.ts';

export type CertificateOf = (request: IncomingMessage) => Presented;

/** Resolves, once it is answered, to whether it was refused because it proves nobody to be a client. */
export async function tokenDoor(
  issuer: Issuer,
  certificateOf: CertificateOf,
  ctx: Context,
): Promise<boolean> {
  ctx.set('cache-control', 'no-store');
  const context = requestContextOf(ctx);
  const read = await readForm(ctx).catch((error: unknown) => error as SojournError);
  const { refusal, sent } =
    read instanceof Error
      ? { refusal: await issuer.refuse(context, read), sent: false }
      : await issuer.token(
          { original: ctx.req, body: read, ...context, certificate: () => certificateOf(ctx.req) },
          ctx.res,
        );
  if (sent) ctx.respond = false;
  else if (refusal) answer(ctx, refusal);
  return refusal?.ofStranger ?? false;
}

async function readForm(ctx: Context): Promise<string> {
  if (ctx.req.url?.includes('?')) {
    throw new SojournError('invalid_request', {
      detail: 'Parameters belong in the body, never in the URL.',
      advice: 'Send them as a form. If a secret stood in the URL, replace it: URLs are logged everywhere.',
    });
  }
  if (ctx.is('application/x-www-form-urlencoded') === false) {
    throw new SojournError('invalid_request', {
      detail: 'The body is not a form.',
      advice: 'Send it as application/x-www-form-urlencoded.',
    });
  }
  return readText(ctx.req);
}

/** Nothing is read and nothing is looked up: whoever guesses learns nothing more, right or wrong. */
export function answerUnread(
  ctx: Context,
  { code, message, advice, status, retryAfter }: SojournError,
): void {
  ctx.set('cache-control', 'no-store');
  // The rest of the body is not waited for.
  ctx.set('connection', 'close');
  const { oauth: error = 'server_error' } = errorTable[code];
  answer(ctx, {
    status,
    headers: retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) },
    body: { error, error_description: `${message} ${advice}` },
  });
}

function answer(ctx: Context, { status, headers, body }: Pick<Refusal, 'status' | 'headers' | 'body'>): void {
  ctx.status = status;
  ctx.set(headers);
  ctx.body = body;
}
