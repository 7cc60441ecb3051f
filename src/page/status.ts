/** The live part: how it stands, and why not. */
import type { View } from '../customer/index.ts';
import { type Html, html } from './html.ts';
import { moment, stateWords } from './words.ts';

export function statusSection(view: View): Html {
  const { word, tone, say } = stateWords(view);
  return html`<section class="status ${tone}" id="status" aria-labelledby="status-title">
<div role="status" aria-live="polite">
<h2 id="status-title"><span class="visually-hidden">Status: </span>${word}</h2>
<p>${say}</p>
</div>
${view.verified_at ? html`<p class="quiet">Last tried ${moment(view.verified_at)}.</p>` : undefined}
${view.state === 'failing' ? reasons(view) : undefined}
<p class="quiet"><a href="${view.url}">Reload for the newest status</a><span class="script-only" hidden>; this page also renews itself</span>.</p>
</section>`;
}

function reasons({ invitation: { report } }: View): Html | undefined {
  const failed = report?.outcome?.checks.filter(({ outcome }) => outcome === 'failed') ?? [];
  if (failed.length === 0) return undefined;
  return html`<ul class="reasons">${failed.map(
    ({ detail, advice }) => html`<li><code>${detail}</code>${advice ? html`<br>${advice}` : undefined}</li>`,
  )}</ul>`;
}
