/** /connect: the page of an invitation, its files and live status, and what is done on it. */
import { PassThrough } from 'node:stream';
import type Router from '@koa/router';
import { assets, connectPage } from '../../../onboarding/page/index.ts';
import type { InvitationHolder, Portal } from '../../../onboarding/portal/index.ts';
import { requestContextOf } from '../app.ts';
import {
  type ConnectContext,
  createInvitationCheck,
  type InvitationCheckServices,
} from './connect-invitation.ts';
import { requireSameOrigin } from './connect-origin.ts';
import { answerPage, seeOther } from './connect-pages.ts';
import { createReportHandler } from './connect-report.ts';

export interface ConnectServices extends InvitationCheckServices {
  readonly customer: Portal;
  /** The path of the issuer. */
  readonly path: string;
  /** The origin of the issuer, at which a browser has the page. */
  readonly origin: string;
}

export function mountConnect(router: Router, services: ConnectServices): void {
  const { customer, path, origin } = services;
  const frame = { assets: `${path}/connect/assets` };
  const guests = createInvitationCheck(services, frame);

  for (const { name, mediaType, body } of assets)
    router.get(`/connect/assets/${name}`, (ctx) => {
      ctx.set({ 'cache-control': 'public, max-age=31536000, immutable', 'content-type': mediaType });
      ctx.body = body;
    });

  router.get(
    '/connect/:invitation',
    guests(async (ctx, guest) => answerPage(ctx, 200, connectPage(frame, await customer.view(guest)))),
  );

  router.get(
    '/connect/:invitation/files/:name',
    guests(async (ctx, guest) => {
      const { name, mediaType, content } = await customer.file(guest, ctx.params.name ?? '');
      ctx.set({
        'cache-control': 'no-store',
        'content-type': `${mediaType}; charset=utf-8`,
        'content-disposition': `attachment; filename="${name}"`,
        // Azure's portal fetches the template from its own pages; nothing but the URL opens it.
        'access-control-allow-origin': '*',
      });
      ctx.body = content;
    }),
  );

  router.get(
    '/connect/:invitation/events',
    guests(async (ctx, guest) => {
      const stream = new PassThrough();
      customer.feed.listen(guest.invitation.id, customer.revisionSource(guest), stream);
      ctx.set({
        'cache-control': 'no-store',
        'content-type': 'text/event-stream',
        'x-accel-buffering': 'no',
      });
      ctx.body = stream;
    }),
  );

  router.post('/connect/:invitation/report', guests(createReportHandler(customer, frame, origin)));

  /** A button of the page. The answer leads back to a page, so that a reload does nothing again. */
  const button = (name: string, press: (guest: InvitationHolder, ctx: ConnectContext) => Promise<string>) =>
    router.post(
      `/connect/:invitation/${name}`,
      guests(async (ctx, guest) => {
        requireSameOrigin(ctx, origin);
        seeOther(ctx, await press(guest, ctx));
      }),
    );
  button('pause', async (guest, ctx) => {
    await customer.pause(guest, requestContextOf(ctx));
    return guest.url;
  });
  button('resume', async (guest, ctx) => {
    await customer.resume(guest, requestContextOf(ctx));
    return guest.url;
  });
  button('control-link', (guest, ctx) => customer.createControlLink(guest, requestContextOf(ctx)));
}
