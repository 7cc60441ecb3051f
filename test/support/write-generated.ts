/** Writes every generated document anew. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generated } from './generated.ts';

for (const { file, content } of generated) writeFileSync(join(import.meta.dirname, '../..', file), content());
