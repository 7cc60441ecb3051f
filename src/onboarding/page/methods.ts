/** The set-up methods of the customer's cloud, and every set-up file in full, so that it can be reviewed first. */
import { type SetupFile, type SetupMethod, type Step, setUpOf } from '../../clouds/index.ts';
import type { View } from '../portal/index.ts';
import { type Html, html } from './html.ts';
import { copyable } from './trust.ts';

export const fileUrl = (url: string, name: string): string => `${url}/files/${encodeURIComponent(name)}`;

export function methodsSection({ url, cloud, target, facts, files, wasActive, invitation }: View): Html {
  const { guide } = setUpOf(cloud);
  const access = {
    urlOf: (name: string) => fileUrl(url, name),
    contentOf: (name: string) => files.find((file) => file.name === name)?.content,
  };
  const methods = guide
    .methods(target, access, facts)
    .filter(({ requiredFile }) => requiredFile === undefined || access.contentOf(requiredFile) !== undefined);
  // A control link accepts no report.
  const acceptsReport = !wasActive && invitation.type === 'connect';
  return html`<section aria-labelledby="methods">
<h2 id="methods">${wasActive ? 'Set it up again' : html`Set it up in ${guide.title}`}</h2>
<p>${wasActive ? 'If the set-up is deleted or changed, apply the same files again.' : 'Choose one method. The first is the simplest.'}</p>
${methods.map((method, index) => methodItem(url, method, { acceptsReport, isOpen: index === 0 && !wasActive }))}
<h3>The files</h3>
<p>The complete content of every set-up file.</p>
${files.filter(({ mediaType }) => mediaType !== uriList).map((file) => fileItem(url, file))}
</section>`;
}

/** RFC 2483 section 5. A file of this type is one link, which a method shows as a button. */
const uriList = 'text/uri-list';

const methodItem = (
  url: string,
  { title, summary, reportsIds, steps }: SetupMethod,
  { acceptsReport, isOpen }: { acceptsReport: boolean; isOpen: boolean },
): Html => html`<details name="method"${isOpen ? html` open` : undefined}>
<summary>${title}${acceptsReport && reportsIds ? html` <span class="tag">reports automatically</span>` : undefined}<span class="hint">${summary}</span></summary>
<ol>${steps.map((step) => html`<li>${stepItem(url, step)}</li>`)}${
  acceptsReport && reportsIds
    ? html`<li><p>The set-up reports automatically, and the status on this page changes to Active. If it does not, report the ids below.</p></li>`
    : undefined
}</ol>
</details>`;

const linkButton = (label: string, uri: string): Html =>
  html`<a class="button" href="${uri}" rel="noreferrer noopener" target="_blank">${label}<span class="visually-hidden"> (opens a new tab)</span></a>`;

const stepItem = (url: string, { instruction, command, link, file }: Step): Html => html`<p>${instruction}</p>
${command === undefined ? undefined : copyable('command', command)}
${link && html`<p>${linkButton(link.label, link.url)}</p>`}
${file === undefined ? undefined : html`<p><a class="button" href="${fileUrl(url, file)}" download="${file}">Download ${file}</a></p>`}`;

const fileItem = (url: string, { name, title, content }: SetupFile): Html => html`<details class="file">
<summary><code>${name}</code></summary>
<p>${title}</p>
<p><a href="${fileUrl(url, name)}" download="${name}">Download ${name}</a></p>
<pre tabindex="0" role="region" aria-label="${`Content of ${name}`}">${content}</pre>
</details>`;
