/** What was done with the access, the switch that stops it, and the link that is kept for later. */
import { clouds } from '../../clouds/index.ts';
import type { View } from '../portal/index.ts';
import { type Html, html } from './html.ts';
import { moment } from './words.ts';

export const controlSection = (
  view: View,
): Html => html`<section id="control" aria-labelledby="control-title">
<h2 id="control-title">You stay in control</h2>
${usesOf(view)}
${switchOf(view)}
<p class="quiet">To end it for good, in your cloud: ${clouds[view.cloud].guide.undo}</p>
${keepOf(view)}
</section>`;

function usesOf({ uses: { last, count, more } }: View): Html {
  if (!last) return html`<p>The access has never been used.</p>`;
  const what = last.what === 'token' ? 'a token' : 'credentials';
  return html`<p>Last used ${moment(last.at)}, for ${what}. In the last 30 days: ${more ? `${count} times or more` : count === 1 ? 'once' : `${count} times`}.</p>`;
}

function switchOf({ url, paused_at, mayResume, facts: { vendor } }: View): Html {
  if (!paused_at)
    return html`<form method="post" action="${`${url}/pause`}">
<p>Pausing refuses every new token and all credentials at once. What was handed out before ends by itself when its time is over. Only you can resume; ${vendor} cannot.</p>
<button type="submit" class="stop">Pause access</button>
</form>`;
  if (!mayResume)
    return html`<p>Paused ${moment(paused_at)} with another link. Only that link can resume it.</p>`;
  return html`<form method="post" action="${`${url}/resume`}">
<p>Paused ${moment(paused_at)}. Only this link, or one kept from it, can resume.</p>
<button type="submit">Resume access</button>
</form>`;
}

function keepOf({ url, settled, invitation: { purpose, expires_at } }: View): Html {
  const until = html`<p>This link is good until ${moment(expires_at)}. Whoever has it can do what you can do here: keep it like a key.</p>`;
  if (!settled) return until;
  return html`${until}
<form method="post" action="${`${url}/keep`}">
<p>${
    purpose === 'control'
      ? 'Make the next one before this one ends:'
      : 'For the status and the pause switch later on, make a link that lasts a year, and bookmark the page that opens:'
  }</p>
<button type="submit" class="second">Make a link to keep</button>
</form>`;
}
