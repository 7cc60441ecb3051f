/** How a program receives the credentials of a preset: variables and files, made on the server from the preset. */
import { toTimestamp } from '../../platform/time/index.ts';
import type { Credentials, Format } from '../contract/index.ts';
import { filled } from './dialects.ts';
import type { Preset } from './preset.ts';
import { type PresetTarget, valuesOf } from './target.ts';
import { namesIn, render, type TemplateValues } from './template.ts';

/** Placeholders that `sojourn exec` replaces on the client's machine. */
const onTheClient: TemplateValues = { folder: '{{folder}}', cloud_token: '{{cloud_token}}' };

/** Stands for any secret, to see which files have content. */
const everySecret: TemplateValues = {
  token: 'x',
  access_key_id: 'x',
  secret_access_key: 'x',
  session_token: 'x',
};

const secretsOf = ({ credentials, expiresAt }: Credentials): TemplateValues => ({
  ...('access_token' in credentials ? { token: credentials.access_token } : { ...credentials }),
  expires_at: toTimestamp(expiresAt),
});

/**
 * `env` has the variables that need no file. `delivery` has everything; its texts contain `{{folder}}` for the folder of the
 * files, and `{{cloud_token}}` for a fresh cloud token.
 */
export function formatsOf(
  preset: Preset,
  target: PresetTarget,
  subject: string,
): Readonly<Record<string, Format>> {
  const { variables, files, remove, notes } = preset.client;
  const values = { ...valuesOf(preset, target), ...onTheClient, subject };
  // An optional certificate, for example: without it, no file and no variable that names it.
  const present = files.filter(({ content }) => render(content, { ...values, ...everySecret }) !== '');
  const absent = files.filter((file) => !present.includes(file)).map(({ name }) => `{{folder}}/${name}`);
  const needsClient = (text: string) => namesIn(text).some((name) => Object.hasOwn(onTheClient, name));
  const plain = Object.fromEntries(Object.entries(variables).filter(([, text]) => !needsClient(text)));
  return {
    env: (issued) => filled(plain, { ...values, ...secretsOf(issued) }),
    delivery: (issued) => {
      const all = { ...values, ...secretsOf(issued) };
      return {
        expires_at: toTimestamp(issued.expiresAt),
        variables: Object.fromEntries(
          Object.entries(filled(variables, all)).filter(([, value]) => !absent.includes(value)),
        ),
        files: present.map(({ name, content }) => ({ name, content: render(content, all) })),
        remove,
        notes,
        single_use: preset.token.single_use,
      };
    },
  };
}
