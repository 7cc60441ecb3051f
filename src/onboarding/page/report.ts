/** The form for what the set-up has made. */
import { clouds, type ReportField } from '../../clouds/index.ts';
import type { Fault } from '../../platform/errors/index.ts';
import type { View } from '../portal/index.ts';
import { type Html, html } from './html.ts';

/** What was refused, with what had been typed, so that nothing has to be typed again. */
export interface Refused {
  readonly typed: Readonly<Record<string, string>>;
  readonly faults: readonly Fault[];
}

export function reportSection(view: View, refused?: Refused): Html | undefined {
  const { url, cloud, target, invitation, state, settled } = view;
  if (settled || invitation.purpose === 'control' || state === 'paused' || state === 'disabled')
    return undefined;
  const { reportFields: reports } = clouds[cloud].guide;
  const { report } = invitation;
  const known = (name: string) => refused?.typed[name] ?? String(report?.fields[name] ?? target[name] ?? '');
  if (report)
    return html`<section id="report" aria-labelledby="report-title">
<h2 id="report-title">Reported</h2>
<dl>${reports.map(({ name, label }) => html`<div><dt>${label}</dt><dd><code>${known(name) || '–'}</code></dd></div>`)}</dl>
<p>An invitation reports once. If this is wrong, ask ${view.facts.vendor} for a new one.</p>
<form method="post" action="${`${url}/report`}">
${Object.entries(report.fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${String(value ?? '')}">`)}
<button type="submit">Try again</button>
</form>
</section>`;
  return html`<section id="report" aria-labelledby="report-title">
<h2 id="report-title">Report what it made</h2>
<p>${view.facts.vendor} then tries the access at once, with a real token. Names like these are no secrets.</p>
${refused && alertOf(refused, reports)}
<form method="post" action="${`${url}/report`}">
${reports.map((field) => inputOf(field, known(field.name), refused))}
<button type="submit">Report and try</button>
</form>
</section>`;
}

/** Also what is wrong elsewhere: a value may not fit to what was there already. */
function alertOf({ faults }: Refused, reports: readonly ReportField[]): Html {
  const others = faults.filter(({ path }) => !reports.some(({ name }) => name === path));
  return html`<div class="alert" role="alert"><p>Nothing was saved. Correct what is wrong and send it again.</p>${others.map(
    ({ path, message }) => html`<p>${path} ${message}.</p>`,
  )}</div>`;
}

function inputOf(
  { name, label, hint, example, optional }: ReportField,
  value: string,
  refused?: Refused,
): Html {
  const faults = refused?.faults.filter(({ path }) => path === name) ?? [];
  const isFaulty = faults.length > 0;
  // Where the reader goes on, script or none.
  const isFirst = isFaulty && refused?.faults[0]?.path === name;
  return html`<p class="field">
<label for="${name}">${label}${optional ? html` <span class="quiet">(optional)</span>` : undefined}</label>
<span class="hint" id="${`${name}-hint`}">${hint} For example ${example}</span>
<input id="${name}" name="${name}" value="${value}" maxlength="2048" autocomplete="off" autocapitalize="off" spellcheck="false"${optional ? undefined : html` required`} aria-describedby="${`${name}-hint${isFaulty ? ` ${name}-fault` : ''}`}"${isFaulty ? html` aria-invalid="true"` : undefined}${isFirst ? html` autofocus` : undefined}>
${isFaulty ? html`<strong class="fault" id="${`${name}-fault`}">${label} ${faults.map(({ message }) => message).join('; ')}.</strong>` : undefined}
</p>`;
}
