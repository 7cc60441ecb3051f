/** The live part of the page: the state of the connection, and why it does not work. */
import type { View } from '../portal/index.ts';
import { type Html, html } from './html.ts';
import { stateTextOf, timeOf } from './text.ts';
import { copyable } from './trust.ts';

const nextSteps = html`<ol><li><a href="#trust">Review the access</a></li><li><a href="#methods">Set it up in your cloud</a></li><li><a href="#report-title">Report the ids</a>, unless your method reports automatically</li></ol>`;

export function statusSection(view: View): Html {
  const { label, tone, explanation } = stateTextOf(view);
  return html`<section class="status ${tone}" id="status" aria-labelledby="status-title">
<div role="status" aria-live="polite">
<h2 id="status-title"><span class="visually-hidden">Status: </span>${label}</h2>
<p>${explanation}</p>
</div>
${view.state === 'pending' && !view.invitation.report ? nextSteps : undefined}
${reasons(view)}
<p class="quiet">${view.verified_at ? html`Last checked ${timeOf(view.verified_at)}. ` : undefined}<span class="script-only" hidden>This page updates automatically. </span><a href="${view.url}">Reload</a></p>
</section>`;
}

/** The checks that did not pass. Omitted if the verification says nothing about the current state. */
function reasons({ state, verification }: View): Html | undefined {
  if (!verification || (state !== 'failing' && state !== verification.state)) return undefined;
  const open = verification.checks.filter(({ outcome }) => outcome !== 'passed' && outcome !== 'skipped');
  if (open.length === 0) return undefined;
  return html`<ul class="reasons">${open.map(
    ({ detail, advice, fix }) =>
      html`<li><code>${detail}</code>${advice ? html`<br>${advice}` : undefined}${fix ? copyable('command', fix) : undefined}</li>`,
  )}</ul>`;
}
