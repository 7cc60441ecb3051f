/** Replaces a file in an endless loop until it is killed. Usage: node file-writer.ts FILE */
import { writeSync } from 'node:fs';
import { writePrivateFile } from '../../../src/tokens/keys/index.ts';

const [file = ''] = process.argv.slice(2);
for (let round = 0; ; round++) {
  await writePrivateFile(file, JSON.stringify({ round, filling: String(round % 10).repeat(100_000) }));
  if (round === 0) writeSync(1, 'begun\n');
}
