/** The table of a cloud's answers: each with the code that it becomes, and a piece of its detail and advice. */
import { expect, test } from '@jest/globals';
import { type CloudName, clouds } from '../../src/clouds/index.ts';
import type { ErrorCode } from '../../src/platform/errors/index.ts';

/** What the cloud answers (status, code, message) and the code, then a piece of the detail and of the advice. */
export type Row = readonly [number, string, string, ErrorCode, RegExp, RegExp];

export const report = /^Report this with the detail; it is a fault of this server\.$/;
export const clock = /clock of the server/;

export const labels: Readonly<Record<CloudName, string>> = {
  aws: 'AWS',
  azure: 'Azure',
  gcp: 'Google Cloud',
};

export function explains(cloud: CloudName, step: string, rows: readonly Row[]): void {
  test.each(rows)('%d %s: %s', (status, code, message, means, detail, advice) => {
    const error = clouds[cloud].explain({ status, code, message, step });
    expect(error.code).toBe(means);
    expect(error.message).toMatch(detail);
    const words = `${labels[cloud]} says ${code.replace(/Exception$/, '')}: ${message}`;
    expect(error.message.endsWith(words)).toBe(true);
    expect(error.advice).toMatch(advice);
  });
}
