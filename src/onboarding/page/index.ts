/**
 * The page for a customer's cloud administrator. Owns: its HTML, style and script, and the escaping of all external
 * values. Does not own: its content (portal) or serving it (http).
 */
import { setUpOf } from '../../clouds/index.ts';
import type { View } from '../portal/index.ts';
import { controlSection } from './control.ts';
import { documentOf, type Frame } from './document.ts';
import { type CheckedGuardrail, guardrailSection } from './guardrail.ts';
import { html } from './html.ts';
import { methodsSection } from './methods.ts';
import { type RefusedReport, reportSection } from './report-form.ts';
import { statusSection } from './status.ts';
import { trustSection } from './trust.ts';

export { type Asset, assets } from './assets.ts';
export { type Frame, plainPage } from './document.ts';
export type { CheckedGuardrail } from './guardrail.ts';
export type { RefusedReport } from './report-form.ts';

/** Input of the customer that the page shows again, with what is to be said about it. */
export interface Entered {
  readonly report?: RefusedReport;
  readonly guardrail?: CheckedGuardrail;
}

/** The complete page. Pure. */
export function connectPage(frame: Frame, view: View, entered: Entered = {}): string {
  const { vendor, connection } = view.facts;
  const { accessTo, title } = setUpOf(view.cloud).guide;
  const isSetUp = view.wasActive || view.invitation.type === 'control';
  return documentOf(
    frame,
    `${vendor} – access to ${title}`,
    html`<header><p><bdi>${vendor}</bdi><span> · keyless cloud access</span></p></header>
<main data-events="${`${view.url}/events`}" data-revision="${view.revision}">
<h1>${isSetUp ? html`Access of <bdi>${vendor}</bdi> to ${accessTo}` : html`<bdi>${vendor}</bdi> requests access to ${accessTo}`}</h1>
<p class="lead">Connection <strong><bdi>${connection.name}</bdi></strong>. You share no password and no key: your cloud trusts short-lived tokens for this connection only, and you can stop that at any time.</p>
${statusSection(view)}
${
  isSetUp
    ? [
        controlSection(view),
        trustSection(view),
        guardrailSection(view, entered.guardrail),
        methodsSection(view),
      ]
    : [
        trustSection(view),
        guardrailSection(view, entered.guardrail),
        methodsSection(view),
        reportSection(view, entered.report),
        controlSection(view),
      ]
}
<p class="visually-hidden" role="status" id="announcement"></p>
</main>
<footer><p>You need no account here. This page sets no cookies and loads nothing from other sites.</p></footer>`,
    { live: true },
  );
}
