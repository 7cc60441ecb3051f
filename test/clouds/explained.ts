/** A table test of cloud errors: each with its error code and a part of its detail and advice. */
import { expect, test } from '@jest/globals';
import { type CloudName, diagnosisOf } from '../../src/clouds/index.ts';
import type { ErrorCode } from '../../src/platform/errors/index.ts';

/** The response of the cloud (status, code, message), the error code, and a part of the detail and of the advice. */
export type Row = readonly [number, string, string, ErrorCode, RegExp, RegExp];

export const report = /^Report it as a bug of Sojourn, with the detail\.$/;
export const clock = /clock of the server/;

export const labels: Readonly<Record<CloudName, string>> = {
  aws: 'AWS',
  azure: 'Azure',
  gcp: 'Google Cloud',
};

export function explains(cloud: CloudName, step: string, rows: readonly Row[]): void {
  test.each(rows)('explains the error %d %s: %s', (status, code, message, means, detail, advice) => {
    const error = diagnosisOf(cloud).explain({ status, code, message, step });
    expect(error.code).toBe(means);
    expect(error.message).toMatch(detail);
    const words = `${labels[cloud]} says ${code.replace(/Exception$/, '')}: ${message}`;
    expect(error.message.endsWith(words)).toBe(true);
    expect(error.advice).toMatch(advice);
  });
}
