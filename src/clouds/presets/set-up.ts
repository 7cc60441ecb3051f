/** The set-up of a preset: its files, and the guide of the invitation page. Nothing secret can be in them: no input is one. */
import { z } from 'zod';
import { invalidRequest } from '../../platform/errors/index.ts';
import { labeledValues } from '../contract/guide.ts';
import type { Guide, LeakAdvice, SetUp, SetupFacts, SetupFile } from '../contract/index.ts';
import { hclString, shellWord } from '../encode/index.ts';
import type { Preset } from './preset.ts';
import { statusNotes } from './status.ts';
import { missingInputs, type PresetTarget, valuesOf } from './target.ts';
import { render, type TemplateValues } from './template.ts';

type Language = Preset['setup']['files'][number]['language'];

/** A value as a literal of the language, with its quotes. JSON strings are YAML strings (YAML 1.2, section 1.3). */
const literals: Readonly<Record<Language, (value: string) => string>> = {
  // Dialects differ in whether a backslash escapes.
  sql: (value) => `'${accepted(value, /^[^\\]*$/, 'without a backslash').replaceAll("'", "''")}'`,
  shell: shellWord,
  json: (value) => JSON.stringify(value),
  yaml: (value) => JSON.stringify(value),
  terraform: hclString,
  text: plain,
};

/** Text in an unknown language, such as an expression inside a string: only characters that no language interprets. */
function plain(value: string): string {
  return accepted(
    value,
    /^[\w:/.@~+=%?[\] -]*$/,
    'that has only letters, digits, spaces and _ : / . @ ~ + = % ? [ ] -',
  );
}

function accepted(value: string, form: RegExp, choice: string): string {
  if (form.test(value)) return value;
  const message = `has ${JSON.stringify(value)}, which cannot be written into the set-up files; choose a value ${choice}`;
  throw invalidRequest([{ path: 'target', message }]);
}

const mediaTypes: Readonly<Record<Language, string>> = {
  sql: 'text/plain',
  shell: 'text/x-shellscript',
  json: 'application/json',
  yaml: 'application/yaml',
  terraform: 'text/plain',
  text: 'text/plain',
};

export const factsOf = ({ issuer, subject, audience, connection, vendor }: SetupFacts): TemplateValues => ({
  issuer,
  subject,
  audience,
  connection: connection.id,
  name: connection.name,
  vendor,
});

/** @throws {SojournError} `invalid_request` for additional connections: a file is for one */
function files(preset: Preset, target: PresetTarget, facts: SetupFacts): readonly SetupFile[] {
  if (facts.additional && facts.additional.length > 0)
    throw invalidRequest([
      {
        path: 'additional_connections',
        message: `must be empty for ${preset.title}: each connection has its files`,
      },
    ]);
  const known = { ...valuesOf(preset, target), ...factsOf(facts) };
  const values = {
    ...known,
    ...Object.fromEntries(
      Object.entries(preset.setup.values).map(([name, text]) => [name, render(text, known, plain)]),
    ),
  };
  const keys = facts.jwks
    ? [
        {
          name: 'jwks.json',
          mediaType: 'application/json',
          title: 'The keys to upload, including the next ones. Upload them again after each rotation.',
          content: `${JSON.stringify({ keys: facts.jwks }, null, 2)}\n`,
        },
      ]
    : [];
  const written = preset.setup.files.map(({ name, language, title, apply, content }) => ({
    name,
    mediaType: mediaTypes[language],
    title: `${title} ${apply}`,
    content: `${render(content, values, literals[language]).trimEnd()}\n`,
  }));
  return [...written, ...keys];
}

function guideOf(preset: Preset): Guide {
  const { title, inputs, setup, dangers } = preset;
  return {
    title,
    accessTo: setup.access_to,
    reportFields: Object.entries(inputs).flatMap(([name, { label, hint, example, required, reported }]) =>
      reported ? [{ name, label, hint, example, ...(required ? {} : { optional: true }) }] : [],
    ),
    creates: () => setup.creates,
    allows: () => setup.allows,
    notes: [...dangers, ...statusNotes(preset)],
    knownValues: (target) =>
      labeledValues(
        Object.fromEntries(
          Object.entries(valuesOf(preset, target as PresetTarget)).map(([name, value]) => [
            inputs[name]?.label ?? name,
            value === '' ? undefined : value,
          ]),
        ),
      ),
    undo: setup.undo,
    methods: () =>
      setup.files.map(({ name, title: heading, who, apply }) => ({
        title: heading,
        summary: who,
        requiredFile: name,
        steps: [{ instruction: 'Download the file and read it.', file: name }, { instruction: apply }],
      })),
  };
}

export const setUpOf = (preset: Preset): SetUp => ({
  guide: guideOf(preset),
  options: z.strictObject({}),
  permissionSet: z.never(`${preset.title} has no permission sets`),
  files: (target, facts) => files(preset, target as PresetTarget, facts),
  links: () => [],
  leakAdvice: (target): LeakAdvice => ({
    trustedFor: preset.setup.leak.trusted_for,
    steps:
      missingInputs(preset, target as PresetTarget).length > 0
        ? []
        : preset.setup.leak.steps.map((instruction) => ({ instruction })),
  }),
});
