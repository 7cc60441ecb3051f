import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { verdicts } from '../../src/access/connections/index.ts';
import { guardModes } from '../../src/access/policy/index.ts';
import { checkRecord } from '../../src/onboarding/verification/index.ts';
import { deliveryOutcomes } from '../../src/onboarding/webhooks/index.ts';

/** The row of a table whose first cell is this text, without the cell. */
function rowOf(file: string, first: string): string {
  const lines = readFileSync(join(import.meta.dirname, '../..', file), 'utf8').split('\n');
  const rows = lines.filter((line) => line.startsWith(`| ${first} |`));
  expect({ file, first, rows: rows.length }).toEqual({ file, first, rows: 1 });
  return rows[0]!.slice(`| ${first} |`.length);
}

test.each<[string, string, readonly string[]]>([
  ['CONTRIBUTING.md', 'outcome', checkRecord.shape.outcome.options],
  ['CONTRIBUTING.md', 'verdict', verdicts],
  ['CONTRIBUTING.md', 'guard', guardModes],
  ['docs/operations.md', '`sojourn_webhook_delivery_attempts_total`', deliveryOutcomes],
])('a document that lists the values of the code has all of them: %s, %s', (file, first, values) => {
  const row = rowOf(file, first);
  expect(values.filter((value) => !new RegExp(`\\b${value}\\b`).test(row))).toEqual([]);
});
