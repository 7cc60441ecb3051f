/** The options of set-up files of all clouds. Clouds that share an option share its type and flags. */
import type { Programs, SetupOption } from '../contract/programs.ts';

/** By the name of the query parameter, in the order of the clouds' names. */
export function mergeSetupOptions(
  programs: Readonly<Record<string, Programs>>,
): Readonly<Record<string, SetupOption>> {
  const clouds = Object.entries(programs)
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([, cloud]) => cloud);
  const byName = new Map<string, { title: string; option: SetupOption }[]>();
  for (const { title, setupOptions = {} } of clouds)
    for (const [name, option] of Object.entries(setupOptions))
      byName.set(name, [...(byName.get(name) ?? []), { title, option }]);
  return Object.fromEntries(
    [...byName].flatMap(([name, all]) => {
      const [first] = all;
      if (!first) return [];
      const { introduction } = first.option;
      const description = describe(all, ({ description: text }) => `${text}.`).join(' ');
      return [
        [
          name,
          {
            ...first.option,
            description: introduction === undefined ? description : `${introduction} ${description}`,
            help: describe(all, ({ help }) => help).join('; '),
          },
        ],
      ];
    }),
  );
}

/** `A and B: text` if they have the same text, otherwise one text for each. */
function describe(
  all: readonly { readonly title: string; readonly option: SetupOption }[],
  textOf: (option: SetupOption) => string,
): string[] {
  const byText = Map.groupBy(all, ({ option }) => textOf(option));
  const list = new Intl.ListFormat('en-GB');
  return [...byText].map(([text, group]) => `${list.format(group.map(({ title }) => title))}: ${text}`);
}
