/** The target of a preset: its inputs as a schema, and their values for templates. */
import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { endpointField } from '../../platform/settings/index.ts';
import { isPinned, reservedClaims, urlsOf } from './consistency.ts';
import { compileLinear } from './linear-pattern.ts';
import type { Input, Preset } from './preset.ts';
import { namesIn, render, type TemplateValues } from './template.ts';

export type PresetTarget = Readonly<Record<string, unknown>>;

/** Strict: an input that is missing and not reported later is a fault, and so is an unknown one. */
export function targetSchema(preset: Preset): z.ZodType<PresetTarget> {
  const { inputs, issuer } = preset;
  const fields = Object.entries(inputs).map(([name, input]) => {
    const field = fieldOf(input).describe(input.label);
    const isOptional = !input.required || input.reported || input.default !== undefined;
    return [name, isOptional ? field.optional() : field] as const;
  });
  const uploads = issuer.snapshot
    ? {
        uploaded_jwks: z
          .boolean('must be true or false')
          .optional()
          .describe('Whether the customer uploads the JWKS, so a rotation waits for the next upload.'),
      }
    : {};
  return z.strictObject({ ...Object.fromEntries(fields), ...uploads }).superRefine((target, context) => {
    if (context.issues.length > 0) return;
    for (const [name, message] of valueFaults(preset, target))
      context.addIssue({ code: 'custom', path: [name], message });
  });
}

/** What only values together show: a default is made of other inputs, and a host can be in any of them. */
function valueFaults(preset: Preset, target: PresetTarget): (readonly [input: string, message: string])[] {
  const { inputs, token, hosts, title } = preset;
  const values = valuesOf(preset, target);
  const isKnown = (template: string) => namesIn(template).every((name) => values[name] !== '');
  const ofDefaults = Object.entries(inputs).flatMap(([name, input]) => {
    const { default: text, pattern } = input;
    if (text === undefined || pattern === undefined || target[name] !== undefined || !isKnown(text))
      return [];
    return matches(pattern, values[name] ?? '')
      ? []
      : [
          [
            name,
            `is missing: ${JSON.stringify(values[name])} cannot be the ${lowerFirst(input.label)}`,
          ] as const,
        ];
  });
  const ofHosts = urlsOf(preset).flatMap(([, url]) => {
    const [origin = ''] = /^(?:\{\{[^}]*\}\}|https:\/\/[^/]*)/.exec(url) ?? [];
    const [name] = namesIn(origin);
    if (name === undefined || !isKnown(origin)) return [];
    const address = render(origin, values);
    return URL.canParse(address) && isPinned(new URL(address).host, hosts)
      ? []
      : [[name, `must be at a host of ${title}: ${hosts.join(', ')}`] as const];
  });
  // A token for this server would open its API, and the verification presents one for `urn:sojourn:probe`.
  const [audience = ''] = namesIn(token.audience);
  const ofAudience = /^urn:sojourn:/i.test(render(token.audience, values))
    ? [[audience, 'must not begin with urn:sojourn:, which names this server'] as const]
    : [];
  return [...ofDefaults, ...new Map(ofHosts), ...ofAudience];
}

/** One for each pattern of a preset. */
const compiled = new Map<string, (text: string) => boolean>();

function matches(pattern: string, text: string): boolean {
  const matcher = compiled.get(pattern) ?? compileLinear(pattern);
  compiled.set(pattern, matcher);
  return matcher(text);
}

function fieldOf({ type, pattern = '', example, label }: Input): z.ZodType {
  const message = `must be the ${lowerFirst(label)}, such as ${example}`;
  const word = z
    .string('must be text')
    .max(512, 'must have at most 512 characters')
    .refine((text) => matches(pattern, text), message);
  if (type === 'url') return endpointField;
  if (type === 'seconds') return z.int('must be a whole number').min(1).max(604_800);
  if (type === 'list') return z.array(word, 'must be a list').min(1).max(50, 'must have at most 50 values');
  if (type === 'certificate') return certificateField;
  return type === 'claims' ? claimsField : word;
}

/** PEM, or PEM in base64 as in a kubeconfig. */
const certificateField = z
  .string('must be text')
  .max(20_000, 'must have at most 20000 characters')
  .transform((text) => (text.startsWith('-----') ? text : Buffer.from(text, 'base64').toString()).trim())
  .refine(isCertificate, 'must be a certificate in PEM, or the same in base64');

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).toString() !== '';
  } catch {
    return false;
  }
}

const claimText = z.string('must be text').min(1).max(1000, 'must have at most 1000 characters');

const claimsField = z
  .record(
    z
      .string()
      .regex(/^[A-Za-z][\w:/.-]{0,99}$/, 'must be the name of a claim')
      .refine((name) => !reservedClaims.has(name), 'is set by Sojourn'),
    z.union([claimText, z.array(claimText).max(100)], 'must be text or a list of texts'),
  )
  .refine((claims) => Object.keys(claims).length <= 20, 'must have at most 20 claims');

/** The values of the inputs as text, with their defaults; a list has spaces between its items. */
export function valuesOf({ inputs }: Pick<Preset, 'inputs'>, target: PresetTarget): TemplateValues {
  const textOf = (name: string): string => {
    const stated = target[name];
    if (Array.isArray(stated)) return stated.join(' ');
    if (stated !== undefined) return typeof stated === 'object' ? '' : String(stated);
    const text = inputs[name]?.default;
    return text === undefined ? '' : render(text, lazy);
  };
  // A default can read another input, also one below it. No default depends on itself.
  const lazy: Record<string, string> = {};
  for (const name of Object.keys(inputs))
    Object.defineProperty(lazy, name, { enumerable: true, get: () => textOf(name) });
  return Object.fromEntries(
    Object.entries(inputs).flatMap(([name, { type }]) => {
      const text = textOf(name);
      const data = Buffer.from(text).toString('base64');
      return type === 'certificate'
        ? [
            [name, text],
            [`${name}_data`, data],
          ]
        : [[name, text]];
    }),
  );
}

/** The required inputs that the customer has not reported yet. */
export const missingInputs = ({ inputs }: Pick<Preset, 'inputs'>, target: PresetTarget): readonly string[] =>
  Object.entries(inputs).flatMap(([name, { required, default: text }]) =>
    required && text === undefined && target[name] === undefined ? [name] : [],
  );

const lowerFirst = (text: string): string =>
  /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
