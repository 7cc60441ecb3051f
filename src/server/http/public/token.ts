/** POST /token: reads the form, and sends the issuer's answer in the form of RFC 6749 section 5. */
import type { IncomingMessage } from 'node:http';
import type { Context } from 'koa';
import type { Presented } from '../../../access/certificates/index.ts';
import { errorTable, SojournError } from '../../../platform/errors/index.ts';
import { type Issuer, peekBody, type Refusal } from '../../../tokens/issuer/index.ts';
import { maxBodyBytes, refuseCompressed } from '../body.ts';
import { asSojournError } from '../problem.ts';
import type { UnauthenticatedCallers } from './unauthenticated-callers.ts';

export type CertificateOf = (request: IncomingMessage) => Presented;

/** A route with or without a tenant in its path. */
export type TenantContext = Context & { readonly params: { readonly tenant?: string } };

export interface TokenServices {
  readonly signIns: UnauthenticatedCallers;
  readonly certificateOf: CertificateOf;
}

/** Answers 429 without reading the body if the address is over a limit, and counts a failed sign-in. */
export function createTokenRoute(
  findIssuer: (ctx: TenantContext) => Promise<Issuer>,
  { signIns, certificateOf }: TokenServices,
) {
  return async (ctx: TenantContext): Promise<void> => {
    const context = ctx.state.requestContext;
    try {
      await signIns.admit(context);
    } catch (error) {
      return answerUnread(ctx, asSojournError(error));
    }
    const issuer = await findIssuer(ctx);
    ctx.set('cache-control', 'no-store');
    const body = readForm(ctx);
    await Promise.allSettled([body]);
    if (ctx.req.destroyed && !ctx.req.complete) {
      // The caller has closed its connection: nothing is looked up or recorded for it, and nobody waits for an answer.
      ctx.status = 400;
      return;
    }
    const result = await issuer.token({
      request: ctx.req,
      response: ctx.res,
      context,
      certificate: () => certificateOf(ctx.req),
      body,
    });
    if ('refusal' in result) {
      answer(ctx, result.refusal);
      if (result.refusal.unauthenticated) await signIns.recordFailure(context);
      // If the server has failed, whether the client could authenticate is not known.
      else if (result.refusal.status < 500) signIns.recordSuccess(context);
    } else {
      ctx.status = 200;
      ctx.body = result.response;
      signIns.recordSuccess(context);
    }
  };
}

async function readForm(ctx: Context): Promise<string> {
  if (ctx.req.url?.includes('?')) {
    throw new SojournError('invalid_request', {
      detail: 'Parameters belong in the body, never in the URL.',
      advice: 'Send them as a form. If the URL contained a secret, replace it: proxies and servers log URLs.',
    });
  }
  if (ctx.is('application/x-www-form-urlencoded') === false) {
    throw new SojournError('invalid_request', {
      detail: 'The body is not a form.',
      advice: 'Send it as application/x-www-form-urlencoded.',
    });
  }
  refuseCompressed(ctx.req);
  return peekBody(ctx.req, maxBodyBytes);
}

/** Answers without reading the body or looking up the client, so that the answer is the same for right and wrong guesses. */
function answerUnread(ctx: Context, { code, message, advice, status, retryAfter }: SojournError): void {
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
