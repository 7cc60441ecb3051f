/** The clouds in help texts. */
import { type CloudName, programs } from '../../clouds/programs/index.ts';

const names = (Object.keys(programs) as CloudName[]).toSorted();

const list = (items: readonly string[], type: 'conjunction' | 'disjunction'): string =>
  new Intl.ListFormat('en-GB', { type }).format(items);

/** An example of a name. */
export const [exampleCloud] = names;

/** `NAME, NAME or NAME` */
export const anyCloud = list(names, 'disjunction');

/** The display names. */
export const allClouds = list(
  names.map((name) => programs[name].title),
  'conjunction',
);

/** The paths of the sandbox clouds. */
export const sandboxPaths = list(
  names.map((name) => `/${name}`),
  'conjunction',
);
