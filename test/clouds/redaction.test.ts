import { describe, expect, test } from '@jest/globals';
import { diagnosisOf } from '../../src/clouds/index.ts';

/** The message of a cloud as errors quote it. */
const quoted = (message: string): string => {
  const { message: text } = diagnosisOf('aws').explain({ status: 418, code: 'Code', message, step: '' });
  return text.slice(text.indexOf('Code: ') + 'Code: '.length);
};

const letters = 'ZmFrZS1zZWNyZXQtb2YtYS1jbG91ZA';
const long = (length: number) => letters.repeat(10).slice(0, length);

describe('the quoted message of a cloud', () => {
  test.each<[string, string]>([
    ['without plus or equals sign', long(48)],
    ['with dashes and underscores, as base64url', `${long(24)}-_${long(22)}`],
    ['with a tilde, as client secrets of Entra', `${long(24)}~${long(23)}`],
    ['with a plus', `${long(24)}+${long(23)}`],
    ['with padding', `${long(46)}==`],
    ['with a slash and a plus', `${long(24)}/${long(10)}+${long(12)}`],
    ['with a slash and padding', `${long(24)}/${long(22)}=`],
    ['of 64 lower-case hex characters', '0123456789abcdef'.repeat(4)],
    ['of 65 hex characters', `${'0123456789ABCDEF'.repeat(4)}0`],
    ['of 63 hex characters', '0123456789ABCDEF'.repeat(4).slice(1)],
    ['of 64 hex characters and an equals sign', `${'0123456789ABCDEF'.repeat(4)}=`],
  ])('does not contain a long secret %s', (_, secret) => {
    expect(quoted(`before ${secret} after`)).toBe('before [removed] after');
  });

  test.each<[string, string]>([
    ['47 characters', long(47)],
    ["a key id of Entra's, 64 upper-case hex characters", '0123456789ABCDEF'.repeat(4)],
    ['a resource name with slashes', `projects/${long(20)}/locations/global/${long(20)}`],
    ['47 characters of base64 with a slash', `${long(20)}/${long(20)}+${long(4)}=`],
  ])('keeps %s', (_, text) => {
    expect(quoted(`before ${text} after`)).toBe(`before ${text} after`);
  });

  test.each<[string, string]>([
    ['a JWT', `eyJhbGciOiJFUzI1NiJ9.${long(30)}.${long(43)}`],
    ['a JWT that is broken into lines', `eyJhbGciOiJFUzI1NiJ9.${long(40)}\r\n${long(40)}\n${long(20)}`],
    ['an access token of Google', `ya29.${long(30)}`],
  ])('does not contain %s', (_, token) => {
    expect(quoted(`before ${token} after`)).toBe('before [token] after');
  });

  test('has no control characters and at most 400 characters', () => {
    expect(quoted('one\r\n\ttwo\u0000three')).toBe('one two three');
    const words = 'word '.repeat(200);
    expect(quoted(words)).toBe(words.slice(0, 400));
  });
});
