/** Readers for the languages of presets' files. Each returns the texts in a file, in order, as its program would see them. */
import { spawnSync } from 'node:child_process';
import { parse as parseHcl } from '@cdktn/hcl2json';
import { parse as parseYaml } from 'yaml';

type Reader = (content: string) => readonly string[] | Promise<readonly string[]>;

/** Names and values of any depth. A CEL expression is more than one text: its literals and what is between them. */
const textsIn = (value: unknown): string[] => {
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([name, member]) => [...textsIn(name), ...textsIn(member)]);
  const text = String(value);
  return text.includes('claims.')
    ? [...text.matchAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^"']+/g)].map(String)
    : [text];
};

/** The literals and what is between them, with a backslash that escapes and with one that does not. */
const sql: Reader = (content) =>
  [/'((?:[^'\\]|''|\\.)*)'/s, /'((?:[^']|'')*)'/].flatMap((literal) =>
    content.split(literal).map((text, index) => (index % 2 === 1 ? text.replaceAll("''", "'") : text)),
  );

/** The arguments of each command. A value of `vault` or of AWS's short form has commas between its parts, and `@` reads a file. */
const shell: Reader = (content) => {
  // The last command of a pipeline reports after the others.
  const report = `say() { printf '%s\\0' "$@" >&3; }
    aws() { say aws "$@"; }; vault() { say vault "$@"; }; grep() { cat; say grep "$@"; }`;
  const variables = ['CONFIG_URL', 'CLIENT_ID', 'ROLE_POLICY'].map(
    (name) => `"\${MINIO_IDENTITY_OPENID_${name}_SOJOURN-}"`,
  );
  const script = `${report}\n${content}\nsay ${variables.join(' ')}\n`;
  const { stdout, stderr, status } = spawnSync('sh', ['-c', `exec 3>&1; ${script}`, 'sh', 'CLUSTER'], {
    encoding: 'utf8',
    timeout: 10_000,
  });
  if (status !== 0 || stderr !== '') return ['does not run', stderr];
  return stdout.split('\0').flatMap((word) => word.replace(/=@.*/, '=<a file>').split(','));
};

/** java.util.Properties; a value can be a list. Configurations of brokers replace `${…}`. */
const properties: Reader = (content) =>
  content
    .replace(/\\\n\s*/g, '')
    .replace(/\\(.)/g, '$1')
    .replace(/\$\{.*?\}/g, '<a variable>')
    .split(/[\n,]/);

/** The parser doubles the sign of what would else be an expression. */
const hcl: Reader = async (content) =>
  textsIn(await parseHcl('main.tf', content)).map((text) =>
    text.replaceAll('$${', '${').replaceAll('%%{', '%{'),
  );

/** The strings of `name = "value"`, whose escapes are a part of JSON's. */
const toml: Reader = (content) =>
  content
    .split('\n')
    .flatMap((line) => (/^\w+ = /.test(line) ? [JSON.parse(line.replace(/^\w+ = /, '')) as string] : [line]));

const readers: readonly (readonly [RegExp, Reader])[] = [
  [/\.json$|^kubeconfig$/, (content) => textsIn(JSON.parse(content))],
  [/\.yaml$/, (content) => textsIn(parseYaml(content, { strict: true }))],
  [/\.tf$/, hcl],
  [/\.sh$/, shell],
  [/\.sql$/, sql],
  [/\.properties$/, properties],
  [/\.toml$/, toml],
  [/\.conf$/, (content) => content.replace(/#.*/g, '').split('\n')],
  [/-token$|\.pem$/, (content) => [content]],
];

export function readTexts(name: string, content: string): readonly string[] | Promise<readonly string[]> {
  const reader = readers.find(([names]) => names.test(name))?.[1];
  if (!reader) throw new Error(`no reader for ${name}`);
  return reader(content);
}
