/** /connect: the page of an invitation, with its files, live status and buttons. */
import { PassThrough } from 'node:stream';
import type Router from '@koa/router';
import { assets, connectPage } from '../../../onboarding/page/index.ts';
import type { InvitationHolder, Portal } from '../../../onboarding/portal/index.ts';
import { createGuardrailRoute } from './connect-guardrail.ts';
import {
  type ConnectContext,
  createInvitationCheck,
  type InvitationCheckServices,
  type InvitationHandler,
} from './connect-invitation.ts';
import { requireSameOrigin } from './connect-origin.ts';
import { answerPage, seeOther } from './connect-pages.ts';
import { createReportRoute } from './connect-report.ts';

export interface ConnectServices extends InvitationCheckServices {
  readonly portal: Portal;
  /** The path of the issuer. */
  readonly path: string;
  /** The origin of the issuer, from which browsers load the page. */
  readonly origin: string;
}

export function mountConnect(router: Router, services: ConnectServices): void {
  const { portal, path, origin, limits } = services;
  const frame = { assets: `${path}/connect/assets` };
  const withInvitation = createInvitationCheck(services, frame);

  for (const { name, mediaType, body } of assets)
    router.get(`/connect/assets/${name}`, (ctx) => {
      ctx.set({ 'cache-control': 'public, max-age=31536000, immutable', 'content-type': mediaType });
      ctx.body = body;
    });

  router.get(
    '/connect/:invitation',
    withInvitation(async (ctx, holder) =>
      answerPage(ctx, 200, connectPage(frame, await portal.view(holder))),
    ),
  );

  router.get(
    '/connect/:invitation/files/:name',
    withInvitation(async (ctx, holder) => {
      const { name, mediaType, content } = await portal.file(holder, ctx.params.name ?? '');
      ctx.set({
        'cache-control': 'no-store',
        'content-type': `${mediaType}; charset=utf-8`,
        'content-disposition': `attachment; filename="${name}"`,
        // Azure's portal fetches the template from its own origin. The secret in the URL protects the file.
        'access-control-allow-origin': '*',
      });
      ctx.body = content;
    }),
  );

  router.get(
    '/connect/:invitation/events',
    withInvitation(async (ctx, holder) => {
      const stream = new PassThrough();
      const owner = { invitation: holder.invitation.id, tenant: holder.connection.tenant };
      portal.feed.listen(owner, portal.revisionSource(holder), stream);
      ctx.set({
        'cache-control': 'no-store',
        'content-type': 'text/event-stream',
        'x-accel-buffering': 'no',
      });
      ctx.body = stream;
    }),
  );

  /** For a check of a guardrail too, which costs as much. Not for a pause, which must always be possible. */
  const countChange = ({ connection }: InvitationHolder, ctx: ConnectContext) =>
    limits.countChange(ctx.state.requestContext, connection.id);

  const counted = (handle: InvitationHandler) =>
    withInvitation(async (ctx, holder) => {
      await countChange(holder, ctx);
      await handle(ctx, holder);
    });
  router.post('/connect/:invitation/report', counted(createReportRoute(portal, frame, origin)));
  router.post('/connect/:invitation/guardrail', counted(createGuardrailRoute(portal, frame, origin)));

  /** A button on the page. It answers with a redirect, so that a reload does not repeat the action. */
  const button = (name: string, press: (holder: InvitationHolder, ctx: ConnectContext) => Promise<string>) =>
    router.post(
      `/connect/:invitation/${name}`,
      withInvitation(async (ctx, holder) => {
        requireSameOrigin(ctx, origin);
        seeOther(ctx, await press(holder, ctx));
      }),
    );
  button('pause', async (holder, ctx) => {
    await portal.pause(holder, ctx.state.requestContext);
    return holder.url;
  });
  button('resume', async (holder, ctx) => {
    await countChange(holder, ctx);
    await portal.resume(holder, ctx.state.requestContext);
    return holder.url;
  });
  button('control-link', async (holder, ctx) => {
    await countChange(holder, ctx);
    return portal.createControlLink(holder, ctx.state.requestContext);
  });
}
