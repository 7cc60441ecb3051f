/** /v1: credentials and cloud tokens for clients with an API token (`urn:sojourn:api`). */
import type Router from '@koa/router';
import type { Context } from 'koa';
import { type Connection, subjectOf } from '../../../access/connections/index.ts';
import { fixedByConnection } from '../../../access/policy/index.ts';
import { cloudOf } from '../../../clouds/index.ts';
import type { Audit } from '../../../platform/audit/index.ts';
import { SojournError } from '../../../platform/errors/index.ts';
import type { RequestLimits } from '../../../platform/limits/index.ts';
import type { Now } from '../../../platform/time/index.ts';
import type { Caller, Exchange } from '../../../tokens/exchange/index.ts';
import { requireFormat } from '../../../tokens/formats/index.ts';
import type { Issuers } from '../../../tokens/issuer/index.ts';
import { readJson, readQuery } from '../body.ts';
import type { UnauthenticatedCallers } from './unauthenticated-callers.ts';

/** Parameters with their own meaning or error at /token. Here they could only name the cloud's target. */
const targetParameters = ['client_id', 'scope', 'audience'];

interface CredentialsServices {
  readonly issuers: Issuers;
  readonly exchange: Exchange;
  readonly audit: Audit;
  readonly now: Now;
  readonly limits: RequestLimits;
  readonly signIns: UnauthenticatedCallers;
}

export function mountCredentials(router: Router, services: CredentialsServices): void {
  const { issuers, exchange, audit, now, limits, signIns } = services;
  async function callerOf(ctx: Context): Promise<Caller> {
    const context = ctx.state.requestContext;
    await signIns.admit(context);
    const [, token] = /^Bearer ([\w.~+/-]+=*)$/i.exec(ctx.get('authorization')) ?? [];
    try {
      if (!token) throw new SojournError('unauthorized');
      const caller = await issuers.shared.authenticateApiToken(token);
      signIns.recordSuccess(context);
      await limits.countClient(context, caller.client.client_id);
      return { ...caller, ...context };
    } catch (error) {
      if (!(error instanceof SojournError)) throw error;
      const refused = { event: 'api.refused', outcome: 'refused', actor: 'unknown', ...context } as const;
      if (error.code === 'unauthorized') {
        await signIns.recordFailure(context);
        await audit.record({ ...refused, reason: error.code });
      }
      if (error.code === 'document_unknown' && error.cause instanceof Error)
        await audit.record({ ...refused, reason: `${error.code}: ${error.cause.message}` });
      throw error;
    }
  }

  router.register(
    '/v1/connections/:id/credentials',
    ['GET', 'POST'],
    async (ctx: Context & { params: { id?: string } }) => {
      const caller = await callerOf(ctx);
      await rejectParameters(ctx);
      const { format = 'json', purpose: named } = readQuery(new URLSearchParams(ctx.querystring), [
        'format',
        'purpose',
      ]);
      const { connection, purpose, credentials } = await exchange.credentials(caller, ctx.params.id ?? '', {
        purpose: named,
        check: (candidate) => formatFor(format, candidate),
      });
      const formatCredentials = formatFor(format, connection);
      const { mediaType, body } = formatCredentials(connection, credentials, now, purpose);
      ctx.set('cache-control', 'no-store');
      ctx.body = body;
      ctx.set('content-type', mediaType);
    },
  );

  router.get('/v1/connections/:id/token', async (ctx) => {
    const caller = await callerOf(ctx);
    await rejectParameters(ctx);
    readQuery(new URLSearchParams(ctx.querystring), []);
    const { token, expiresIn } = await exchange.token(caller, ctx.params.id ?? '');
    ctx.set('cache-control', 'no-store');
    ctx.body = { access_token: token, token_type: 'Bearer', expires_in: expiresIn };
  });
}

const formatFor = (format: string, connection: Connection) =>
  requireFormat(
    format,
    connection,
    cloudOf(connection.cloud).formats?.(connection.target, subjectOf(connection)),
  );

/** Throws `target_not_selectable` or `unknown_parameter`: the query and the body must not select the target. */
async function rejectParameters(ctx: Context): Promise<void> {
  const body = await readJson(ctx.req);
  const members = typeof body === 'object' && body !== null ? Object.keys(body) : ['the body'];
  const selected = [...members, ...new URLSearchParams(ctx.querystring).keys()].find(
    (name) => fixedByConnection.has(name) || targetParameters.includes(name),
  );
  if (selected)
    throw new SojournError('target_not_selectable', {
      detail: `The caller cannot set the parameter ${selected}.`,
    });
  if (members.length > 0)
    throw new SojournError('unknown_parameter', {
      detail: 'The body must be empty; `format` is a query parameter.',
    });
}
