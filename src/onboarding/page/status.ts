/** The live part: how it stands, and why not. */
import type { View } from '../portal/index.ts';
import { type Html, html } from './html.ts';
import { copyable } from './trust.ts';
import { moment, stateWords } from './words.ts';

const nextSteps = html`<ol><li><a href="#asked">Read what is asked for</a></li><li><a href="#ways">Set it up in your cloud</a></li><li><a href="#report-title">Report what it made</a>, unless the way you chose reports by itself</li></ol>`;

export function statusSection(view: View): Html {
  const { word, tone, say } = stateWords(view);
  return html`<section class="status ${tone}" id="status" aria-labelledby="status-title">
<div role="status" aria-live="polite">
<h2 id="status-title"><span class="visually-hidden">Status: </span>${word}</h2>
<p>${say}</p>
</div>
${view.state === 'pending' && !view.invitation.report ? nextSteps : undefined}
${reasons(view)}
<p class="quiet">${view.verified_at ? html`Last tried ${moment(view.verified_at)}. ` : undefined}<span class="script-only" hidden>This page renews itself. </span><a href="${view.url}">Reload</a></p>
</section>`;
}

/** Why it does not work, or not yet; of a try that says nothing about how it stands now, nothing. */
function reasons({ state, tried }: View): Html | undefined {
  if (!tried || (state !== 'failing' && state !== tried.state)) return undefined;
  const open = tried.checks.filter(({ outcome }) => outcome !== 'passed' && outcome !== 'skipped');
  if (open.length === 0) return undefined;
  return html`<ul class="reasons">${open.map(
    ({ detail, advice, fix }) =>
      html`<li><code>${detail}</code>${advice ? html`<br>${advice}` : undefined}${fix ? copyable('command', fix) : undefined}</li>`,
  )}</ul>`;
}
