/** How the connection was used, the pause button, and the control link. */
import { setUpOf } from '../../clouds/index.ts';
import type { View } from '../portal/index.ts';
import { type Html, html } from './html.ts';
import { timeOf } from './text.ts';

export const controlSection = (
  view: View,
): Html => html`<section id="control" aria-labelledby="control-title">
<h2 id="control-title">You stay in control</h2>
${usageParagraph(view)}
${pauseForm(view)}
<p class="quiet">To end the access permanently, in your cloud: ${setUpOf(view.cloud).guide.undo}</p>
${controlLinkForm(view)}
</section>`;

function usageParagraph({ usage: { last, count, more } }: View): Html {
  if (!last) return html`<p>The access has never been used.</p>`;
  const issued = last.issued === 'token' ? 'a token' : 'credentials';
  return html`<p>Last used ${timeOf(last.at)}, for ${issued}. In the last 30 days: ${more ? `${count} times or more` : count === 1 ? 'once' : `${count} times`}.</p>`;
}

function pauseForm({ url, paused_at, canResume, facts: { vendor } }: View): Html {
  if (!paused_at)
    return html`<form method="post" action="${`${url}/pause`}">
<p>While paused, the access gets no new tokens and no credentials. Those already issued stay valid until they expire. Only you can resume; ${vendor} cannot.</p>
<button type="submit" class="stop">Pause access</button>
</form>`;
  if (!canResume)
    return html`<p>Paused ${timeOf(paused_at)} with another link. Only that link can resume it.</p>`;
  return html`<form method="post" action="${`${url}/resume`}">
<p>Paused ${timeOf(paused_at)}. Only this link, or a control link created from it, can resume.</p>
<button type="submit">Resume access</button>
</form>`;
}

function controlLinkForm({ url, wasActive, invitation: { type, expires_at } }: View): Html {
  const expiry = html`<p>This link is valid until ${timeOf(expires_at)}. Everyone who has it can do what you can do here, so protect it like a password.</p>`;
  if (!wasActive) return expiry;
  return html`${expiry}
<form method="post" action="${`${url}/control-link`}">
<p>${
    type === 'control'
      ? 'Create the next control link before this one expires:'
      : 'To see the status and to pause later, create a control link. It is valid for a year; bookmark the page that opens:'
  }</p>
<button type="submit" class="second">Create a control link</button>
</form>`;
}
