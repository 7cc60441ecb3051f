/** Generates docs/destinations.md from the presets, and the JSON Schema of preset files. */
import { z } from 'zod';
import { builtInPresets, type Preset, presetSchema } from '../../src/clouds/index.ts';

const opening = `# Destinations

<!-- Written by \`npm run docs\` from src/clouds/presets. -->

A destination is what a connection reaches. AWS, Azure and Google Cloud are described in [Clouds](clouds.md). Every other one has
a *preset*, a data file that says how to reach the service. [Presets](presets.md) says how to use one and how to write your own;
[Kubernetes](kubernetes.md) is an example from zero to \`kubectl get pods\`.

\`\`\`console
$ sojourn connection create --name acme-vault --tenant "$TENANT" --cloud vault --set address=https://vault.acme.example
$ sojourn exec con_01k0… -- vault kv get secret/app
\`\`\`

## Status

| level | meaning |
|---|---|
| verified | against the real service |
| emulated | against a strict stand-in in the sandbox, which has its own evaluator |
| documents | from the documents or the code of the vendor |
| unverified | some of it was not found in any document |

The dates say when the documents were read or the test was written. \`npm run test:long\` starts the real servers, from Debian 12.
The API repeats in \`warnings\` of a connection what is not verified, and so do \`sojourn connection create\` and the customer's
page.

`;

const groups = ['issuer', 'token', 'spend', 'answer', 'errors', 'setup', 'client', 'probe'] as const;

const kinds: Readonly<Record<Preset['spend'][number]['kind'], string>> = {
  bearer: 'the token itself',
  exchange: 'token exchange',
  login: 'login',
  sts: 'STS call',
};

const overview = (preset: Preset): string =>
  `| [${preset.title}](#${preset.id}) | \`${preset.id}\` | ${preset.spend.map(({ kind }) => kinds[kind]).join(' or ')} | ${preset.complete ? 'complete' : 'from documents'} | ${groups.map((group) => preset.status[group].level).join(' | ')} |`;

const section = (preset: Preset): string => {
  const { id, title, vendor, inputs, docs, status, dangers, issuer, setup } = preset;
  const rows = Object.entries(inputs).map(([name, { label, example, required, reported, default: text }]) => {
    const need =
      text === undefined
        ? required
          ? reported
            ? 'reported by the customer'
            : 'yes'
          : 'no'
        : `default \`${text}\``;
    return `| \`${name}\` | ${label} | ${need} | \`${example.replaceAll('|', '\\|')}\` |`;
  });
  const notes = groups.flatMap((group) => {
    const { level, on, note } = status[group];
    return note === undefined ? [] : [`- ${group}: ${level}, ${on}. ${note}`];
  });
  return `## ${id}

${title} (${vendor}). Set-up files: ${setup.files.map(({ name }) => `\`${name}\``).join(', ')}.

| target | meaning | required | example |
|---|---|---|---|
${rows.join('\n')}

${[...issuer.notes, ...dangers].map((text) => `- ${text}`).join('\n')}
${notes.length > 0 ? `\nStatus:\n\n${notes.join('\n')}\n` : ''}
Sources: ${docs.map(({ url, read }) => `<${url}> (${read})`).join(', ')}.
`;
};

export const destinationsDocument = (): string =>
  `${opening}| destination | \`--cloud\` | access | preset | ${groups.join(' | ')} |
|---|---|---|---|${groups.map(() => '---|').join('')}
${builtInPresets.map(overview).join('\n')}

${builtInPresets.map(section).join('\n')}`;

export const presetJsonSchema = (): string =>
  `${JSON.stringify({ title: 'Sojourn preset', ...z.toJSONSchema(presetSchema, { io: 'input' }) }, null, 2)}\n`;
