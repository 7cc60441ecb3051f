/** The requested access: what the set-up creates, what it permits, and the exact trust. */
import { type LabeledValue, setUpOf } from '../../clouds/index.ts';
import type { View } from '../portal/index.ts';
import { type Html, html } from './html.ts';

/** A value with a button that copies it. The button is hidden without the script. */
export const copyable = (label: string, value: string): Html =>
  html`<span class="copyable"><code>${value}</code><button type="button" class="copy" data-copy="${value}" aria-label="${`Copy ${label}`}" hidden>Copy</button></span>`;

const table = (facts: readonly LabeledValue[]): Html =>
  html`<dl>${facts.map(({ label, value }) => html`<div><dt>${label}</dt><dd>${copyable(label, value)}</dd></div>`)}</dl>`;

export function trustSection({ cloud, target, facts, permissions }: View): Html {
  const { guide } = setUpOf(cloud);
  const known = guide.knownValues(target);
  return html`<section aria-labelledby="trust">
<h2 id="trust">The requested access</h2>
<h3>What the set-up creates</h3>
<ul>${guide.creates(target, facts).map((line) => html`<li>${line}</li>`)}</ul>
<h3>What it permits</h3>
<ul>${guide.allows(target, permissions).map((line) => html`<li>${line}</li>`)}</ul>
${guide.notes ? html`<h3>What to know first</h3><ul>${guide.notes.map((line) => html`<li>${line}</li>`)}</ul>` : undefined}
<h3>What your cloud will trust</h3>
<p>The issuer signs each token, and the token must have exactly this subject and this audience. No other customer and no other connection has this subject, and it is never reused.</p>
${table([
  { label: 'Issuer', value: facts.issuer },
  { label: 'Subject', value: facts.subject },
  { label: 'Audience', value: facts.audience },
])}
${known.length > 0 ? html`<h3>What ${facts.vendor} knows about your side</h3>${table(known)}` : undefined}
</section>`;
}
