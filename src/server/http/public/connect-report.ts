/** POST /connect/INVITATION/report: from the form on the page, or as JSON from the customer's set-up. */

import { connectPage, type Frame } from '../../../onboarding/page/index.ts';
import { type Portal, readReport } from '../../../onboarding/portal/index.ts';
import { SojournError } from '../../../platform/errors/index.ts';
import { readJson, readText } from '../body.ts';
import type { ConnectContext, InvitationHandler } from './connect-invitation.ts';
import { requireSameOrigin } from './connect-origin.ts';
import { answerPage, seeOther } from './connect-pages.ts';

export const createReportRoute =
  (portal: Portal, frame: Frame, origin: string): InvitationHandler =>
  async (ctx, holder) => {
    requireSameOrigin(ctx, origin);
    if (!ctx.is('application/x-www-form-urlencoded')) {
      const fields = readReport(holder.connection, await readJson(ctx.req));
      const result = await portal.report(holder, fields, ctx.state.requestContext);
      ctx.set('cache-control', 'no-store');
      ctx.body = { state: result.state, checks: result.checks };
      return;
    }
    const fields = await readForm(ctx);
    try {
      await portal.report(holder, readReport(holder.connection, fields), ctx.state.requestContext);
    } catch (error) {
      if (!(error instanceof SojournError) || error.code !== 'invalid_request') throw error;
      const report = { input: fields, faults: error.faults };
      return answerPage(ctx, 400, connectPage(frame, await portal.view(holder), { report }));
    }
    seeOther(ctx, holder.url);
  };

/** Rejects repeated fields, because it is unclear which value is intended. */
async function readForm(ctx: ConnectContext): Promise<Record<string, string>> {
  const form = new URLSearchParams(await readText(ctx.req));
  const fields = Object.fromEntries(form);
  if (form.size === Object.keys(fields).length) return fields;
  throw new SojournError('invalid_request', { detail: 'A field of the form is given more than once.' });
}
