/** POST /connect/INVITATION/report: by a form of the page, or as JSON by what the customer's set-up runs. */

import { connectPage, type Frame } from '../../../onboarding/page/index.ts';
import type { Portal } from '../../../onboarding/portal/index.ts';
import { SojournError } from '../../../platform/errors/index.ts';
import { requestContextOf } from '../app.ts';
import { readJson, readText } from '../body.ts';
import type { ConnectContext, InvitationHandler } from './connect-invitation.ts';
import { requireSameOrigin } from './connect-origin.ts';
import { answerPage, seeOther } from './connect-pages.ts';

export const createReportHandler =
  (customer: Portal, frame: Frame, origin: string): InvitationHandler =>
  async (ctx, guest) => {
    requireSameOrigin(ctx, origin);
    if (!ctx.is('application/x-www-form-urlencoded')) {
      const found = await customer.report(guest, await readJson(ctx.req), requestContextOf(ctx));
      ctx.set('cache-control', 'no-store');
      ctx.body = { state: found.state, checks: found.checks };
      return;
    }
    const typed = await readForm(ctx);
    try {
      await customer.report(guest, typed, requestContextOf(ctx));
    } catch (error) {
      if (!(error instanceof SojournError) || error.code !== 'invalid_request') throw error;
      const refused = { input: typed, faults: error.faults };
      return answerPage(ctx, 400, connectPage(frame, await customer.view(guest), refused));
    }
    seeOther(ctx, guest.url);
  };

/** Each field once: which of two would count, nobody can know. */
async function readForm(ctx: ConnectContext): Promise<Record<string, string>> {
  const form = new URLSearchParams(await readText(ctx.req));
  const typed = Object.fromEntries(form);
  if (form.size === Object.keys(typed).length) return typed;
  throw new SojournError('invalid_request', { detail: 'A field of the form is there twice.' });
}
