/** Makes a cloud from a preset. */
import { hash } from 'node:crypto';
import type { Cloud, CloudContext, CloudRequest, Principal } from '../contract/index.ts';
import { formatsOf } from './delivery.ts';
import { diagnosisOf } from './diagnosis.ts';
import { exchange, spendOf } from './exchange.ts';
import { tableImportOf } from './import.ts';
import { present } from './present.ts';
import type { Preset, Probe } from './preset.ts';
import { setUpOf } from './set-up.ts';
import { statusNotes } from './status.ts';
import { missingInputs, type PresetTarget, targetSchema, valuesOf } from './target.ts';
import { namesIn, render, type TemplateValues } from './template.ts';
import type { PresetSettings } from './transport.ts';

export function cloudOfPreset(preset: Preset): Cloud {
  const { token, title } = preset;
  const audienceFields = namesIn(token.audience);
  const isAccessTo = (target: PresetTarget) => {
    const address = Object.entries(preset.inputs).find(([, { type }]) => type === 'url')?.[0];
    return address === undefined ? title : `${title} at ${String(target[address] ?? '')}`;
  };
  return {
    settings: {},
    target: targetSchema(preset),
    ...(preset.issuer.pins_certificate ? { pinsCertificate: true } : {}),
    notes: [...statusNotes(preset), ...preset.dangers],
    ...(audienceFields[0] === undefined ? {} : { principal: audienceOf(preset, audienceFields[0]) }),
    entry(target: PresetTarget) {
      const values = valuesOf(preset, target);
      const isBearer = spendOf(preset, target).kind === 'bearer';
      return {
        audience: render(token.audience, values),
        algorithms: token.algorithms,
        claims: claimsOf(preset, target, values),
        ...(token.seconds === undefined ? {} : { tokenSeconds: token.seconds }),
        missingFields: missingInputs(preset, target),
        sharedPrincipalFields: token.checks_subject ? [] : audienceFields,
        ...(preset.issuer.snapshot && target.uploaded_jwks === true ? { uploadsKeys: true } : {}),
        exchange: (request: CloudRequest<PresetSettings>) => exchange(preset, target, request),
        identify: async () => isAccessTo(target),
        ...(isBearer ? presenting(preset, target) : {}),
      };
    },
    formats: (target: PresetTarget, subject) => formatsOf(preset, target, subject),
    setUp: setUpOf(preset),
    tableImport: tableImportOf(preset),
    diagnosis: diagnosisOf(preset),
  };
}

/** Compared in all presets: where a service does not check the subject, the audience alone separates tenants. */
const audienceOf =
  (preset: Preset, field: string) =>
  (target: PresetTarget): Principal => ({
    field,
    id: `audience-${hash('sha256', render(preset.token.audience, valuesOf(preset, target)))}`,
    isShared: false,
    isExclusive: !preset.token.checks_subject,
  });

/** The check of a token that is itself the credential. */
const presenting = (preset: Preset, target: PresetTarget) => {
  const probe = probeOf(preset, target);
  return {
    present: probe
      ? (bearer: string, context: CloudContext<PresetSettings>) =>
          present(preset, probe, target, bearer, context)
      : ('uncheckable' as const),
  };
};

const probeOf = ({ probe }: Preset, target: PresetTarget): Probe | undefined =>
  probe?.when === undefined || target[probe.when] !== undefined ? probe : undefined;

function claimsOf(
  { token, inputs }: Preset,
  target: PresetTarget,
  values: TemplateValues,
): Readonly<Record<string, unknown>> {
  const stated = token.claims_input === undefined ? undefined : target[token.claims_input];
  const claims = Object.entries(token.claims).flatMap(([name, text]) => {
    const only = /^\{\{([a-z0-9_]+)\}\}$/.exec(text)?.[1];
    if (only !== undefined && inputs[only]?.type === 'list')
      return target[only] === undefined ? [] : [[name, target[only]] as const];
    const value = render(text, values);
    return value === '' ? [] : [[name, value] as const];
  });
  return { ...(stated as Readonly<Record<string, unknown>> | undefined), ...Object.fromEntries(claims) };
}
