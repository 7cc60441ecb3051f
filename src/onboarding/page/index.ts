/**
 * The page that a customer's cloud administrator sees. Owns: its HTML, style and script, and that nothing which comes
 * from outside is ever read as HTML. Does not own: what is shown (customer), or serving it (http).
 */
import { clouds } from '../../clouds/index.ts';
import type { View } from '../portal/index.ts';
import { controlSection } from './control.ts';
import { documentOf, type Frame } from './document.ts';
import { html } from './html.ts';
import { type Refused, reportSection } from './report.ts';
import { statusSection } from './status.ts';
import { trustSection } from './trust.ts';
import { waysSection } from './ways.ts';

export { type Asset, assets } from './assets.ts';
export { type Frame, plainPage } from './document.ts';
export type { Refused } from './report.ts';

/** The whole page. Pure. */
export function connectPage(frame: Frame, view: View, refused?: Refused): string {
  const { vendor, connection } = view.facts;
  const { accessTo: place, title } = clouds[view.cloud].guide;
  const isSetUp = view.settled || view.invitation.purpose === 'control';
  return documentOf(
    frame,
    `${vendor} – access to ${title}`,
    html`<header><p><bdi>${vendor}</bdi><span> · keyless cloud access</span></p></header>
<main data-events="${`${view.url}/events`}" data-revision="${view.revision}">
<h1>${isSetUp ? html`Access of <bdi>${vendor}</bdi> to ${place}` : html`<bdi>${vendor}</bdi> asks for access to ${place}`}</h1>
<p class="lead">Connection <strong><bdi>${connection.name}</bdi></strong>. No password and no key changes hands: your cloud trusts short-lived tokens that name this connection and no other, and you can stop that at any time.</p>
${statusSection(view)}
${
  isSetUp
    ? [controlSection(view), trustSection(view), waysSection(view)]
    : [trustSection(view), waysSection(view), reportSection(view, refused), controlSection(view)]
}
<p class="visually-hidden" role="status" id="told"></p>
</main>
<footer><p>You need no account here. This page sets no cookie and loads nothing from anywhere else.</p></footer>`,
    { live: true },
  );
}
