/** POST /connect/INVITATION/guardrail: checks a rule of the customer's organization, from the form on the page. */
import { type CheckedGuardrail, connectPage, type Frame } from '../../../onboarding/page/index.ts';
import type { Portal } from '../../../onboarding/portal/index.ts';
import { SojournError } from '../../../platform/errors/index.ts';
import { readText } from '../body.ts';
import type { InvitationHandler } from './connect-invitation.ts';
import { requireSameOrigin } from './connect-origin.ts';
import { answerPage } from './connect-pages.ts';

const maxDocument = 64 * 1024;

/** Nothing is stored, so the answer is the page itself and not a redirect. */
export const createGuardrailRoute =
  (portal: Portal, frame: Frame, origin: string): InvitationHandler =>
  async (ctx, holder) => {
    requireSameOrigin(ctx, origin);
    // Percent-encoding can triple the length of the document.
    const form = new URLSearchParams(await readText(ctx.req, 3 * maxDocument + 1024));
    const document = (form.get('document') ?? '').slice(0, maxDocument);
    const checked = await check(document);
    answerPage(
      ctx,
      checked.faults ? 400 : 200,
      connectPage(frame, await portal.view(holder), { guardrail: checked }),
    );

    async function check(text: string): Promise<CheckedGuardrail> {
      try {
        return { document: text, result: await portal.lintGuardrail(holder, text) };
      } catch (error) {
        if (!(error instanceof SojournError) || error.code !== 'invalid_request') throw error;
        return { document: text, faults: error.faults };
      }
    }
  };
