/** The process of `readYamlApart`: tells what stands in the file, or ends without a word. */
import { readYamlFile } from './yaml-file.ts';

const [file = '', maxBytes] = process.argv.slice(2);

const { raw } = await readYamlFile(file, Number(maxBytes));
process.send?.({ raw }, () => process.disconnect());
