/** The form that checks a rule of the customer's organization before anything is applied, and its result. */
import { cloudOf, type GuardrailResult } from '../../clouds/index.ts';
import type { Fault } from '../../platform/errors/index.ts';
import type { View } from '../portal/index.ts';
import { type Html, html } from './html.ts';

/** The document as it was entered, with its result or why it cannot be read. */
export interface CheckedGuardrail {
  readonly document: string;
  readonly result?: GuardrailResult;
  readonly faults?: readonly Fault[];
}

/** Undefined for a cloud whose guardrails are not read. */
export const guardrailSection = ({ url, cloud }: View, checked?: CheckedGuardrail): Html | undefined =>
  cloudOf(cloud).diagnosis?.guardrail === undefined
    ? undefined
    : html`<section id="guardrail" aria-labelledby="guardrail-title">
<h2 id="guardrail-title">Rules of your organization</h2>
<p>A rule above your account can refuse this set-up. Paste one here to see whether it does, before you apply anything. It is checked and not stored.</p>
<form method="post" action="${`${url}/guardrail#guardrail`}">
<p class="field">
<label for="document">The rule, as JSON</label>
<textarea id="document" name="document" rows="6" maxlength="65536" required autocomplete="off" spellcheck="false">${checked?.document ?? ''}</textarea>
</p>
<button type="submit">Check</button>
</form>
${checked?.faults && html`<div class="alert" role="alert">${checked.faults.map(({ path, message }) => html`<p>${path} ${message}.</p>`)}</div>`}
${checked?.result && resultOf(checked.result)}
</section>`;

const verdicts: Readonly<Record<GuardrailResult['verdict'], string>> = {
  allows: 'This rule allows the set-up and its tokens.',
  refuses: 'This rule refuses:',
  unknown: 'A part of this rule is not understood, so it could refuse the set-up.',
};

const resultOf = ({
  verdict,
  refusals,
  notes,
  exception,
  reverse,
}: GuardrailResult): Html => html`<div role="status">
<p><strong>${verdicts[verdict]}</strong></p>
${refusals.length > 0 ? html`<ul>${refusals.map(({ step, rule, path, detail }) => html`<li>to ${step}: <code>${rule}</code> (${path}). ${detail}</li>`)}</ul>` : undefined}
${notes.map((note) => html`<p>${note}</p>`)}
${exception === null ? undefined : documentOf('The rule with the smallest exception for this connection', exception)}
${documentOf('A rule that admits nothing but this connection', reverse)}
</div>`;

const documentOf = (title: string, content: string): Html => html`<details class="file">
<summary>${title}</summary>
<pre tabindex="0" role="region" aria-label="${title}">${content}</pre>
</details>`;
