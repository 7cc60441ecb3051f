/**
 * Checks the invitation of every request under /connect. Without a valid invitation, the answer is the same on every
 * path and for every reason. An address with too many failures or requests is rate-limited, and so is each invitation,
 * because its holder may use many addresses.
 */
import type { Context } from 'koa';
import { type Frame, plainPage } from '../../../onboarding/page/index.ts';
import type { InvitationHolder, Portal } from '../../../onboarding/portal/index.ts';
import type { Audit } from '../../../platform/audit/index.ts';
import { SojournError } from '../../../platform/errors/index.ts';
import type { RequestLimits } from '../../../platform/limits/index.ts';
import { answerPage, answerRefusal } from './connect-pages.ts';
import type { UnauthenticatedCallers } from './unauthenticated-callers.ts';

export type ConnectContext = Context & { params: { invitation?: string; name?: string } };
export type InvitationHandler = (ctx: ConnectContext, holder: InvitationHolder) => Promise<void>;

export interface InvitationCheckServices {
  readonly portal: Pick<Portal, 'open'>;
  readonly audit: Audit;
  readonly limits: Pick<RequestLimits, 'countInvitation' | 'countChange'>;
  readonly links: UnauthenticatedCallers;
}

export function createInvitationCheck(
  services: InvitationCheckServices,
  frame: Frame,
): (handle: InvitationHandler) => (ctx: ConnectContext) => Promise<void> {
  const { portal, audit, limits, links } = services;

  async function refuse(ctx: Context): Promise<void> {
    const context = ctx.state.requestContext;
    const event = 'invitation.refused';
    if (!(await links.recordFailure(context)))
      await audit.record({ event, outcome: 'refused', actor: 'unknown', ...context });
    answerPage(ctx, 404, plainPage(frame, 'This link is not valid', noInvitation));
  }

  return (handle) => async (ctx) => {
    const context = ctx.state.requestContext;
    let holder: InvitationHolder | undefined;
    try {
      await links.admit(context);
      holder = await portal.open(ctx.params.invitation ?? '');
      if (!holder) return refuse(ctx);
      links.recordSuccess(context);
      await limits.countInvitation(context, holder.invitation.id);
      await handle(ctx, holder);
    } catch (error) {
      // Programs get a problem document. Internal errors go to the error handler of the app, which logs them.
      const isShown = error instanceof SojournError && (error.status < 500 || error.code === 'server_busy');
      if (!isShown || ctx.is('json')) throw error;
      answerRefusal(ctx, frame, error, holder?.url);
    }
  };
}

const noInvitation = ['It may be expired, revoked or incompletely copied.', 'Ask the sender for a new link.'];
