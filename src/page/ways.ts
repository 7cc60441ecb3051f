/** How it is set up: the ways of the customer's cloud, and every file in full, since it is read before it is applied. */
import { type Artefact, clouds, type Step } from '../clouds/index.ts';
import type { View } from '../customer/index.ts';
import { type Html, html } from './html.ts';
import { copyable } from './trust.ts';

export const fileUrl = (url: string, name: string): string => `${url}/files/${encodeURIComponent(name)}`;

export function waysSection({ url, cloud, target, artefacts, settled }: View): Html {
  const { guide } = clouds[cloud];
  const has = (name: string | undefined) => name === undefined || artefacts.some((one) => one.name === name);
  const ways = guide.ways(target, (name) => fileUrl(url, name)).filter(({ needs }) => has(needs));
  const links = artefacts.flatMap(linkIn);
  return html`<section aria-labelledby="ways">
<h2 id="ways">${settled ? 'Set it up again' : html`Set it up in ${guide.title}`}</h2>
<p>${settled ? 'Should it ever be lost or changed, the same files bring it back.' : 'Choose one way.'}</p>
${links}
${ways.map(
  ({ title, steps }, at) => html`<details name="way"${at === 0 && !settled ? html` open` : undefined}>
<summary>${title}</summary>
<ol>${steps.map((step) => html`<li>${stepOf(url, step)}</li>`)}</ol>
</details>`,
)}
<h3>The files</h3>
${artefacts.filter(({ mediaType }) => mediaType !== uriList).map((artefact) => fileOf(url, artefact))}
</section>`;
}

/** RFC 2483 section 5. */
const uriList = 'text/uri-list';

/** A file that is one link is that link. */
function linkIn({ mediaType, title, content }: Artefact): Html[] {
  const uri = content.trim();
  return mediaType === uriList && uri.startsWith('https://')
    ? [html`<p>${title}<br>${buttonTo('Open', uri)}</p>`]
    : [];
}

const buttonTo = (label: string, uri: string): Html =>
  html`<a class="button" href="${uri}" rel="noreferrer noopener" target="_blank">${label}<span class="visually-hidden"> (opens a new tab)</span></a>`;

const stepOf = (url: string, { say, run, open, file }: Step): Html => html`<p>${say}</p>
${run === undefined ? undefined : copyable('command', run)}
${open && html`<p>${buttonTo(open.label, open.url)}</p>`}
${file === undefined ? undefined : html`<p><a class="button" href="${fileUrl(url, file)}" download="${file}">Download ${file}</a></p>`}`;

const fileOf = (url: string, { name, title, content }: Artefact): Html => html`<details class="file">
<summary><code>${name}</code></summary>
<p>${title}</p>
<p><a href="${fileUrl(url, name)}" download="${name}">Download ${name}</a></p>
<pre tabindex="0" role="region" aria-label="${`Content of ${name}`}">${content}</pre>
</details>`;
