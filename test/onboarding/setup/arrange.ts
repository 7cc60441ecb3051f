/** What the set-up tests share: facts and hostile texts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { SetupFacts, SetupFile } from '../../../src/clouds/index.ts';

export const facts = (given: Partial<SetupFacts> = {}): SetupFacts => ({
  issuer: 'https://id.vendor.com/t/ten_x',
  subject: 'con_7h2k9',
  audience: 'sts.amazonaws.com',
  connection: { id: 'con_7h2k9', name: 'acme-prod' },
  vendor: 'Vendor',
  ...given,
});

export function contentOf(artefacts: readonly SetupFile[], name: string): string {
  const found = artefacts.find((artefact) => artefact.name === name);
  if (!found) throw new Error(`no artefact ${name}`);
  return found.content;
}

/** Texts that mean something to at least one of the languages, mixed with any other. */
export const hostileText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom('${', '%{', '$', '%', '$$', '{', '}', '"', "'", "''", '\\', '`id`', '$(id)', '<b>'),
      fc.constantFrom('\n', '\r\n', '\t', '\u2028', '\u202e', '\ufeff', '[', ']', '[[', '{{resolve:ssm:a}}'),
      fc.constantFrom('^', ',', ';', '--', '#', '*', '?', 'é', 'e\u0301', '日本', '😀', '~', ' '),
      fc.string({ unit: 'binary', maxLength: 8 }),
    ),
    { maxLength: 20 },
  )
  .map((parts) => parts.join(''));

/** No encoding can carry these: an argument ends at NUL, and Terraform turns every text into Unicode's form C. */
export const carriable = (text: string): string => text.replaceAll('\0', '').toWellFormed().normalize('NFC');

export function inTemporaryDirectory<T>(use: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'sojourn-setup-'));
  const clean = () => rmSync(directory, { recursive: true, force: true });
  try {
    const result = use(directory);
    if (result instanceof Promise) return result.finally(clean) as T;
    clean();
    return result;
  } catch (error) {
    clean();
    throw error;
  }
}
