/**
 * The entrance of /connect. Whoever comes with no living invitation gets one and the same answer on every path, whatever
 * is wrong with it, and an address that tries too many has to wait.
 */
import type { Context } from 'koa';
import { type Frame, plainPage } from '../../../onboarding/page/index.ts';
import type { InvitationHolder, Portal } from '../../../onboarding/portal/index.ts';
import type { Audit } from '../../../platform/audit/index.ts';
import { SojournError } from '../../../platform/errors/index.ts';
import type { Now } from '../../../platform/time/index.ts';
import { requestContextOf } from '../app.ts';
import { answerPage, answerRefusal } from './connect-pages.ts';
import { createFailedSignIns } from './failed-sign-ins.ts';

export type ConnectContext = Context & { params: { invitation?: string; name?: string } };
export type InvitationHandler = (ctx: ConnectContext, guest: InvitationHolder) => Promise<void>;

export interface InvitationCheckServices {
  readonly customer: Pick<Portal, 'open'>;
  readonly audit: Audit;
  readonly now: Now;
  /** How many wrong links an address may try in a minute. */
  readonly failedSignIns: number;
}

export function createInvitationCheck(
  services: InvitationCheckServices,
  frame: Frame,
): (act: InvitationHandler) => (ctx: ConnectContext) => Promise<void> {
  const { customer, audit, now, failedSignIns } = services;
  const limit = createFailedSignIns(failedSignIns, now);

  async function turnAway(ctx: Context): Promise<void> {
    const context = requestContextOf(ctx);
    const event = limit.record(context.source_ip) ? 'invitation.rate_limited' : 'invitation.refused';
    await audit.record({ event, outcome: 'refused', actor: 'unknown', ...context });
    answerPage(ctx, 404, plainPage(frame, 'This link is not valid', noInvitation));
  }

  return (act) => async (ctx) => {
    const wait = limit.wait(requestContextOf(ctx).source_ip);
    if (wait > 0) return answerRefusal(ctx, frame, new SojournError('rate_limited', { retryAfter: wait }));
    const guest = await customer.open(ctx.params.invitation ?? '');
    if (!guest) return turnAway(ctx);
    try {
      await act(ctx, guest);
    } catch (error) {
      // A program reads a problem; what failed in here goes to the log, where every door sends it.
      if (!(error instanceof SojournError) || error.status >= 500 || ctx.is('json')) throw error;
      answerRefusal(ctx, frame, error, guest.url);
    }
  };
}

const noInvitation = [
  'It may have ended, or been revoked, or not been copied whole.',
  'Ask whoever sent it to you for a new one.',
];
