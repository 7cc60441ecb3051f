/** /presets: those of the operator, which the command line needs to read their targets. */
import { z } from 'zod';
import { nothing, readRoute } from './route.ts';

const preset = z
  .record(z.string(), z.unknown())
  .describe('A preset with all defaults, in the form of docs/preset.schema.json.');

export const presetsRoute = readRoute({
  path: '/presets',
  operationId: 'listPresets',
  summary: 'List the presets of the folder `presets.folder`',
  query: nothing,
  answer: z.object({ items: z.array(preset) }),
  find: ({ presets }) => ({ items: presets }),
});
