/** The form that reports the ids that the set-up created. */
import { type ReportField, setUpOf } from '../../clouds/index.ts';
import type { Fault } from '../../platform/errors/index.ts';
import type { View } from '../portal/index.ts';
import { type Html, html } from './html.ts';

/** A refused report with its values, so that the customer does not have to enter them again. */
export interface RefusedReport {
  readonly input: Readonly<Record<string, string>>;
  readonly faults: readonly Fault[];
}

export function reportSection(view: View, refused?: RefusedReport): Html | undefined {
  const { url, cloud, target, invitation, state, wasActive } = view;
  if (wasActive || invitation.type === 'control' || state === 'paused' || state === 'disabled')
    return undefined;
  const { reportFields } = setUpOf(cloud).guide;
  const { report } = invitation;
  const currentValue = (name: string) =>
    refused?.input[name] ?? String(report?.fields[name] ?? target[name] ?? '');
  if (report)
    return html`<section id="report" aria-labelledby="report-title">
<h2 id="report-title">Reported</h2>
<dl>${reportFields.map(({ name, label }) => html`<div><dt>${label}</dt><dd><code>${currentValue(name) || '–'}</code></dd></div>`)}</dl>
<p>An invitation can report only once. If these ids are wrong, ask ${view.facts.vendor} for a new invitation.</p>
<form method="post" action="${`${url}/report`}">
${Object.entries(report.fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${String(value ?? '')}">`)}
<button type="submit">Try again</button>
</form>
</section>`;
  return html`<section id="report" aria-labelledby="report-title">
<h2 id="report-title">Report the ids</h2>
<p>${view.facts.vendor} then checks the access at once with a real token. These ids are not secret.</p>
${refused && alertOf(refused, reportFields)}
<form method="post" action="${`${url}/report`}">
${reportFields.map((field) => inputOf(field, currentValue(field.name), refused))}
<button type="submit">Report and check</button>
</form>
</section>`;
}

/** Also lists faults of other fields: a reported value may conflict with one that is already stored. */
function alertOf({ faults }: RefusedReport, reportFields: readonly ReportField[]): Html {
  const others = faults.filter(({ path }) => !reportFields.some(({ name }) => name === path));
  return html`<div class="alert" role="alert"><p>Nothing was saved. Correct the marked fields and send the form again.</p>${others.map(
    ({ path, message }) => html`<p>${path} ${message}.</p>`,
  )}</div>`;
}

function inputOf(
  { name, label, hint, example, optional }: ReportField,
  value: string,
  refused?: RefusedReport,
): Html {
  const faults = refused?.faults.filter(({ path }) => path === name) ?? [];
  const isFaulty = faults.length > 0;
  // Autofocus works without the script.
  const isFirst = isFaulty && refused?.faults[0]?.path === name;
  return html`<p class="field">
<label for="${name}">${label}${optional ? html` <span class="quiet">(optional)</span>` : undefined}</label>
<span class="hint" id="${`${name}-hint`}">${hint} For example ${example}</span>
<input id="${name}" name="${name}" value="${value}" maxlength="2048" autocomplete="off" autocapitalize="off" spellcheck="false"${optional ? undefined : html` required`} aria-describedby="${`${name}-hint${isFaulty ? ` ${name}-fault` : ''}`}"${isFaulty ? html` aria-invalid="true"` : undefined}${isFirst ? html` autofocus` : undefined}>
${isFaulty ? html`<strong class="fault" id="${`${name}-fault`}">${label} ${faults.map(({ message }) => message).join('; ')}.</strong>` : undefined}
</p>`;
}
