/** How it is set up: the ways of the customer's cloud, and every file in full, since it is read before it is applied. */
import { type Artefact, clouds, type Step } from '../clouds/index.ts';
import type { View } from '../customer/index.ts';
import { type Html, html } from './html.ts';
import { copyable } from './trust.ts';

export const fileUrl = (url: string, name: string): string => `${url}/files/${encodeURIComponent(name)}`;

export function waysSection({ url, cloud, target, artefacts, settled }: View): Html {
  const { guide } = clouds[cloud];
  const ways = guide.ways(target, (name) => fileUrl(url, name));
  return html`<section aria-labelledby="ways">
<h2 id="ways">${settled ? 'Set it up again' : html`Set it up in ${guide.title}`}</h2>
<p>${settled ? 'Should it ever be lost or changed, the same files bring it back.' : 'Choose one way.'}</p>
${ways.map(
  ({ title, steps }, at) => html`<details name="way"${at === 0 && !settled ? html` open` : undefined}>
<summary>${title}</summary>
<ol>${steps.map((step) => html`<li>${stepOf(url, step)}</li>`)}</ol>
</details>`,
)}
<h3>The files</h3>
${artefacts.map((artefact) => fileOf(url, artefact))}
</section>`;
}

const stepOf = (url: string, { say, run, open, file }: Step): Html => html`<p>${say}</p>
${run === undefined ? undefined : copyable('command', run)}
${open && html`<p><a class="button" href="${open.url}" rel="noreferrer noopener" target="_blank">${open.label}<span class="visually-hidden"> (opens a new tab)</span></a></p>`}
${file === undefined ? undefined : html`<p><a class="button" href="${fileUrl(url, file)}" download="${file}">Download ${file}</a></p>`}`;

const fileOf = (url: string, { name, title, content }: Artefact): Html => html`<details class="file">
<summary><code>${name}</code></summary>
<p>${title}</p>
<p><a href="${fileUrl(url, name)}" download="${name}">Download ${name}</a></p>
<pre tabindex="0" role="region" aria-label="${`Content of ${name}`}">${content}</pre>
</details>`;
