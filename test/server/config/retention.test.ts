import { expect, test } from '@jest/globals';
import { parseConfig } from '../../../src/server/config/load.ts';
import { faultsOf, least } from './arrange.ts';

const retentionOf = (retention: object) =>
  parseConfig({ ...least, audit: { retention } }, {}).audit.retention;
const faults = (retention: object) => faultsOf({ ...least, audit: { retention } });

test('audit.retention keeps everything by default, and takes ages by event', () => {
  expect(parseConfig(least, {}).audit.retention).toEqual({ default: null, events: {} });
  expect(
    retentionOf({ default: '400d', events: { 'token.issued': '90d', 'policy.updated': 'forever' } }),
  ).toEqual({
    default: 400 * 86_400,
    events: { 'token.issued': 90 * 86_400, 'policy.updated': null },
  });
});

test('audit.retention refuses ages that the server itself needs, unknown events, and the records of prunings', () => {
  expect(faults({ default: '6d' })).toEqual([
    { path: 'audit.retention.default', message: 'must be from 7d to 3650d' },
  ]);
  expect(faults({ events: { 'token.issued': '1d', 'token.refused': 'never' } })).toEqual([
    { path: 'audit.retention.events.token.issued', message: 'must be from 7d to 3650d' },
    { path: 'audit.retention.events.token.refused', message: 'must be from 7d to 3650d, or forever' },
  ]);
  expect(faults({ events: { 'token.isued': '90d', 'audit.pruned': '90d' } })).toEqual([
    { path: 'audit.retention.events.token.isued', message: 'must be an event of the audit log' },
    {
      path: 'audit.retention.events.audit.pruned',
      message: 'cannot be pruned: without it, the log cannot be verified',
    },
  ]);
});
