/** `npm run markers [-- FILE…]`: the count of marker words per class and area, and where they are in the named files. */
import { counted, markersIn, passages, table } from '../architecture/prose.ts';

const all = passages();
const named = process.argv.slice(2);
for (const { class: kind, file, line, text } of all) {
  const found = markersIn(text);
  if (found.length > 0 && named.some((name) => file.startsWith(name)))
    console.log(`${file}:${line} ${kind}: ${found.join(', ')}`);
}
console.log(table(counted(all)));
