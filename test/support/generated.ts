/** The files under docs/ that are generated from the code. `npm run docs` writes them; an architecture test compares them. */
import { configurationDocument } from '../../src/server/config/document.ts';
import { openApi } from '../../src/server/http/admin/index.ts';
import { destinationsDocument, presetJsonSchema } from './destinations-document.ts';
import { errorsDocument } from './errors-document.ts';

export const generated: readonly { readonly file: string; readonly content: () => string }[] = [
  { file: 'docs/configuration.md', content: configurationDocument },
  { file: 'docs/destinations.md', content: destinationsDocument },
  { file: 'docs/preset.schema.json', content: presetJsonSchema },
  { file: 'docs/errors.md', content: errorsDocument },
  { file: 'docs/openapi.json', content: () => `${JSON.stringify(openApi, null, 2)}\n` },
];
