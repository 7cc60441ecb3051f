import { describe, expect, test } from '@jest/globals';
import { cloudNames, clouds, diagnosisOf } from '../../src/clouds/index.ts';
import { errorTable } from '../../src/platform/errors/index.ts';
import { labels } from './explained.ts';

describe('the explanation of a cloud error', () => {
  const names = Object.keys(clouds);

  test('has a row that no earlier row hides', () => {
    for (const name of names) {
      for (const [index, row] of diagnosisOf(name).explanations.entries()) {
        const {
          status = 400,
          codePrefix = '',
          code = codePrefix,
          messageIncludes: says = '',
          step = '',
        } = row.match;
        const answer = diagnosisOf(name).explain({ status, code, message: says, step });
        expect([name, index, answer.message.startsWith(row.detail)]).toEqual([name, index, true]);
      }
    }
  });

  test('has a cloud code, a detail and an advice in sentences in every row', () => {
    for (const { errorCode: means, detail, advice = errorTable[means].advice } of names.flatMap(
      (name) => diagnosisOf(name).explanations,
    )) {
      expect(means).toMatch(/^cloud_/);
      for (const sentence of [detail, advice]) expect(sentence).toMatch(/^[A-Za-z_`].{10,}[.a-z)]$/u);
    }
  });

  test('depends on the status if no row matches', () => {
    for (const name of cloudNames) {
      const codeOf = (status: number) =>
        diagnosisOf(name).explain({ status, code: '', message: '', step: '' }).code;
      expect([400, 401, 403, 418, 302, 429, 500, 502, 599].map(codeOf)).toEqual([
        ...Array.from({ length: 5 }, () => 'cloud_answer_unknown'),
        'cloud_throttled',
        ...Array.from({ length: 3 }, () => 'cloud_unavailable'),
      ]);
      expect(diagnosisOf(name).explain({ status: 418, code: '', message: '', step: '' }).message).toBe(
        `The cloud refused with status 418. ${labels[name]} says nothing, with status 418`,
      );
    }
  });

  test('keeps issuers, resource names and key ids of the cloud message', () => {
    const words =
      'No provider for https://id.vendor.example/t/0123456789/a-rather-long-path-of-an-issuer in //iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/vendor-pool/providers/vendor with NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs';
    expect(
      diagnosisOf('gcp').explain({ status: 400, code: 'x', message: words, step: '' }).message,
    ).toContain(words);
  });
});
