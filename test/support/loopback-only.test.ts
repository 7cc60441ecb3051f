import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { expect, test } from '@jest/globals';
import { testWith } from './programs.ts';

test('a test cannot open a connection to another machine', async () => {
  const refusals = await Promise.all(
    [
      { host: '192.0.2.1', port: 443 },
      { host: 'iam.amazonaws.com', port: 443 },
      { host: '2001:db8::1', port: 443 },
    ].map(
      (address) =>
        new Promise((resolve) => {
          connect(address).once('error', ({ message }) => resolve(message));
        }),
    ),
  );
  expect(refusals).toEqual([
    'A test tried to reach 192.0.2.1. Tests talk to loopback only.',
    'A test tried to reach iam.amazonaws.com. Tests talk to loopback only.',
    'A test tried to reach 2001:db8::1. Tests talk to loopback only.',
  ]);
});

test('a program that a test starts gets a proxy that does not exist', () => {
  const { status, stderr } = spawnSync('curl', ['-sS', 'http://192.0.2.1/'], { encoding: 'utf8' });
  expect(status).toBe(7);
  expect(stderr).toMatch(/Failed to connect to 127\.0\.0\.1 port 9/);
});

test('a test whose program cannot be used is listed as not run', () => {
  expect(testWith(['sh'], () => undefined)).toBe(test);
  expect(testWith(['aws'], () => 'is too old')).not.toBe(test);
});
