/** The files under docs/ that follow from the code. `npm run docs` writes them; a test of the house compares them. */
import { configurationDocument } from '../../src/config/index.ts';

export const generated: readonly { readonly file: string; readonly content: () => string }[] = [
  { file: 'docs/configuration.md', content: configurationDocument },
];
