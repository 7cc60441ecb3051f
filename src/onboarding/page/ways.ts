/** How it is set up: the ways of the customer's cloud, and every file in full, since it is read before it is applied. */
import { clouds, type SetupFile, type Step, type Way } from '../../clouds/index.ts';
import type { View } from '../portal/index.ts';
import { type Html, html } from './html.ts';
import { copyable } from './trust.ts';

export const fileUrl = (url: string, name: string): string => `${url}/files/${encodeURIComponent(name)}`;

export function waysSection({ url, cloud, target, artefacts, settled, invitation }: View): Html {
  const { guide } = clouds[cloud];
  const files = {
    urlOf: (name: string) => fileUrl(url, name),
    contentOf: (name: string) => artefacts.find((one) => one.name === name)?.content,
  };
  const ways = guide
    .methods(target, files)
    .filter(({ requiredFile: needs }) => needs === undefined || files.contentOf(needs) !== undefined);
  // A link that is kept for later takes no report.
  const hears = !settled && invitation.purpose === 'connect';
  return html`<section aria-labelledby="ways">
<h2 id="ways">${settled ? 'Set it up again' : html`Set it up in ${guide.title}`}</h2>
<p>${settled ? 'Should it ever be lost or changed, the same files bring it back.' : 'Choose one way; the simplest comes first.'}</p>
${ways.map((way, at) => wayOf(url, way, { hears, isOpen: at === 0 && !settled }))}
<h3>The files</h3>
<p>Each in full, as it is applied.</p>
${artefacts.filter(({ mediaType }) => mediaType !== uriList).map((artefact) => fileOf(url, artefact))}
</section>`;
}

/** RFC 2483 section 5: a file that is one link, and the button of a way. */
const uriList = 'text/uri-list';

const wayOf = (
  url: string,
  { title, summary: say, reportsIds: reports, steps }: Way,
  { hears, isOpen }: { hears: boolean; isOpen: boolean },
): Html => html`<details name="way"${isOpen ? html` open` : undefined}>
<summary>${title}${hears && reports ? html` <span class="tag">reports by itself</span>` : undefined}<span class="hint">${say}</span></summary>
<ol>${steps.map((step) => html`<li>${stepOf(url, step)}</li>`)}${
  hears && reports
    ? html`<li><p>It reports by itself, and this page turns to Active. Should it not, report what it made below.</p></li>`
    : undefined
}</ol>
</details>`;

const buttonTo = (label: string, uri: string): Html =>
  html`<a class="button" href="${uri}" rel="noreferrer noopener" target="_blank">${label}<span class="visually-hidden"> (opens a new tab)</span></a>`;

const stepOf = (
  url: string,
  { instruction: say, command: run, link: open, file }: Step,
): Html => html`<p>${say}</p>
${run === undefined ? undefined : copyable('command', run)}
${open && html`<p>${buttonTo(open.label, open.url)}</p>`}
${file === undefined ? undefined : html`<p><a class="button" href="${fileUrl(url, file)}" download="${file}">Download ${file}</a></p>`}`;

const fileOf = (url: string, { name, title, content }: SetupFile): Html => html`<details class="file">
<summary><code>${name}</code></summary>
<p>${title}</p>
<p><a href="${fileUrl(url, name)}" download="${name}">Download ${name}</a></p>
<pre tabindex="0" role="region" aria-label="${`Content of ${name}`}">${content}</pre>
</details>`;
