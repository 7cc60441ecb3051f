/** Every input of every preset: a value that a target accepts is data in each file, or the target refuses it. */
import { expect, test } from '@jest/globals';
import { builtInPresets, type Cloud, type Credentials, clouds } from '../../../src/clouds/index.ts';
import { facts } from './arrange.ts';
import { readTexts } from './preset-languages.ts';

const fragments = [
  ...[
    '"',
    "'",
    '`',
    '\\',
    '\\"',
    "\\'",
    "''",
    '$',
    '${x}',
    '$(id)',
    '%{x}',
    '{{folder}}',
    '{',
    '}',
    '[',
    ']',
  ],
  ...[
    ',',
    ';',
    ' ',
    '\n',
    '\t',
    '\0',
    '\u2028',
    '\u202e',
    '#',
    ' #',
    '--',
    '/*',
    '@',
    '-',
    '=',
    '&',
    '|',
    '*',
    '<',
  ],
  ...['!', '^', '~', '%', '?', ':', ': ', 'é', '"||true||"', "'||true||'", "\\');DROP/**/USER/**/ADMIN;--"],
];
const placed = (example: string): readonly string[] =>
  fragments.flatMap((fragment) => [
    fragment + example,
    example.slice(0, 4) + fragment + example.slice(4),
    example + fragment,
  ]);

const issued: Credentials = {
  credentials: { access_token: 'TOKEN', token_type: 'Bearer' },
  expiresAt: 0,
};

test.each(builtInPresets.map((preset) => [preset.id, preset] as const))(
  'the files of %s have every accepted value as data',
  async (id, { inputs }) => {
    const { target: schema, setUp, entry, formats } = clouds[id] as Required<Cloud>;
    /** The texts of all files; undefined if the target is refused. */
    async function textsWith(target: object): Promise<readonly string[] | undefined> {
      const { success, data } = schema.safeParse(target);
      if (!success) return undefined;
      const { audience } = entry(data);
      const delivery = formats(data, 'con_7h2k9').delivery!(issued, () => 0);
      const files = [
        ...setUp.files(data, facts({ audience })),
        ...(delivery.files as { name: string; content: string }[]),
      ];
      const texts = await Promise.all(files.map(async ({ name, content }) => readTexts(name, content)));
      return texts.flat();
    }
    const examples: Readonly<Record<string, string | string[]>> = Object.fromEntries(
      Object.entries(inputs).flatMap(
        ([name, { type, example }]): (readonly [string, string | string[]])[] => {
          if (name === 'audience') return [[name, 'marked-audience']];
          if (type === 'list') return [[name, [example]]];
          return type === 'text' || type === 'url' ? [[name, example]] : [];
        },
      ),
    );
    const plain = await textsWith(examples);
    expect(plain).toBeDefined();
    for (const [name, stated] of Object.entries(examples)) {
      const [example] = [stated].flat() as [string];
      for (const hostile of placed(example)) {
        const target = { ...examples, [name]: Array.isArray(stated) ? [hostile] : hostile };
        const texts = await textsWith(target);
        if (!texts) continue;
        const value = String((schema.parse(target) as Record<string, unknown>)[name]);
        const expected = plain!.map((text, index) =>
          texts[index] === text ? text : text.replaceAll(example, value),
        );
        expect({ name, hostile, texts }).toEqual({ name, hostile, texts: expected });
      }
    }
  },
);
