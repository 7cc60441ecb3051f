/** A step of the build: checks the presets and writes them as JSON, which a start reads faster. `node compile.ts FOLDER` */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtInPresets } from './index.ts';

const [, , folder = '.'] = process.argv;
mkdirSync(folder, { recursive: true });
for (const preset of builtInPresets) writeFileSync(join(folder, `${preset.id}.json`), JSON.stringify(preset));
