import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { setUpOf } from '../../../src/clouds/index.ts';
import { html } from '../../../src/onboarding/page/html.ts';
import { connectPage, plainPage } from '../../../src/onboarding/page/index.ts';
import type { View } from '../../../src/onboarding/portal/index.ts';

describe('the html template', () => {
  test('escapes every inserted value except its own results', () => {
    const inner = html`<b title="${'"'}">${'<&>'}</b>`;
    expect(html`<p>${inner}${[inner, 'a', 1]}${undefined}${"'"}</p>`.html).toBe(
      '<p><b title="&quot;">&lt;&amp;&gt;</b><b title="&quot;">&lt;&amp;&gt;</b>a1&#39;</p>',
    );
  });

  test('does not trust an object that only looks like HTML', () => {
    const forged = JSON.parse('{"html":"<script>alert(1)</script>"}') as { html: string };
    expect(html`${forged}`.html).toBe('&lt;script&gt;alert(1)&lt;/script&gt;');
  });

  test('leaves no character that could end a text or an attribute value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(html`${text}`.html).not.toMatch(/[<>"'\0]/);
      }),
    );
  });
});

const targets = {
  aws: { region: 'eu-central-1', duration_seconds: 3600 },
  azure: { environment: 'public', scope: 'https://management.azure.com/.default' },
  gcp: {
    project_number: '123456789012',
    pool_id: 'vendor-pool',
    provider_id: 'vendor-idp',
    scopes: ['https://www.googleapis.com/auth/cloud-platform'],
  },
};

const viewOf = (cloud: keyof typeof targets, hostile: string, more: Partial<View> = {}): View => ({
  url: 'https://id.example.com/connect/secret',
  cloud,
  target: targets[cloud],
  state: 'failing',
  wasActive: false,
  paused_at: undefined,
  canResume: true,
  verified_at: '2026-11-25T12:00:00.000Z',
  facts: {
    issuer: 'https://id.example.com',
    subject: 'con_1',
    audience: hostile,
    connection: { id: 'con_1', name: hostile },
    vendor: hostile,
  },
  files: [{ name: 'file.json', mediaType: 'application/json', title: hostile, content: hostile }],
  permissions: {},
  verification: {
    state: 'failing',
    checks: [{ outcome: 'failed', detail: hostile, advice: hostile, fix: hostile }],
  },
  invitation: {
    type: 'connect',
    expires_at: '2026-12-01T12:00:00.000Z',
    report: {
      reported_at: '2026-11-25T12:00:00.000Z',
      fields: Object.fromEntries(setUpOf(cloud).guide.reportFields.map(({ name }) => [name, hostile])),
    },
  },
  usage: { last: null, count: 0, more: false },
  revision: 'r',
  ...more,
});

const frame = { assets: '/connect/assets' };
/** The tags of a page, with their attributes' names and without their values. */
const skeleton = (page: string): string[] =>
  [...page.matchAll(/<[^>]*>/g)].map(([tag]) => tag.replace(/="[^"]*"/g, ''));

const hostile = [
  `"><script>alert(1)</script>`,
  `' onmouseover='alert(1)`,
  '</title></h1></pre></main><script src=//evil.example></script>',
  '<!--',
  ']]><svg/onload=alert(1)>',
  '&lt;script&gt;',
  `javascript:alert(1)`,
  '\u202e\u2028\0${}`',
  '<"\'&>'.repeat(2_000),
];

describe.each(['aws', 'azure', 'gcp'] as const)('the page for %s', (cloud) => {
  test('has the same tags for every name, even one of 10 KB', () => {
    const calm = skeleton(connectPage(frame, viewOf(cloud, 'calm')));
    expect(calm.length).toBeGreaterThan(50);
    for (const name of hostile) expect(skeleton(connectPage(frame, viewOf(cloud, name)))).toEqual(calm);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (name) => {
        // Advice that is empty is left out.
        expect(skeleton(connectPage(frame, viewOf(cloud, name.replaceAll('\0', '-'))))).toEqual(calm);
      }),
      { numRuns: 50 },
    );
  });

  test('has a label for every input, a name for every section, and unique ids', () => {
    const page = connectPage(
      frame,
      viewOf(cloud, 'x', { invitation: { type: 'connect', expires_at: '2026-12-01T12:00:00.000Z' } }),
    );
    const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id!);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { name } of setUpOf(cloud).guide.reportFields) expect(page).toContain(`<label for="${name}">`);
    for (const [, id] of page.matchAll(/aria-labelledby="([^"]+)"/g)) expect(ids).toContain(id);
  });
});

test('the page shows the failed checks only if they describe the current state', () => {
  const { verification: tried } = viewOf('aws', 'the reason');
  const shows = (state: View['state'], found: View['state']) =>
    connectPage(frame, viewOf('aws', 'x', { state, verification: { ...tried!, state: found } })).includes(
      '<li><code>the reason</code>',
    );
  expect([shows('failing', 'failing'), shows('pending', 'pending'), shows('failing', 'pending')]).toEqual([
    true,
    true,
    true,
  ]);
  expect([shows('active', 'failing'), shows('pending', 'failing'), shows('paused', 'failing')]).toEqual([
    false,
    false,
    false,
  ]);
});

test('the page shows a set-up method only if its file exists, and links only to https URLs', () => {
  const shown = (mediaType: string, content: string, name = 'quick-create.uri') =>
    connectPage(frame, viewOf('aws', 'x', { files: [{ name, mediaType, title: 'Quickly', content }] }));
  const link = shown('text/uri-list', 'https://console.example/?a=1&b="\r\n');
  expect(link).toContain('href="https://console.example/?a=1&amp;b=&quot;"');
  expect(link).not.toContain('<code>quick-create.uri</code>');
  expect(link).not.toContain('With a script');
  expect(shown('text/uri-list', 'javascript:alert(1)')).not.toContain('javascript:');
  expect(shown('text/x-shellscript', 'echo', 'setup.sh')).toContain('With a script');
});

test('a message page escapes its text', () => {
  const page = plainPage(frame, '<b>', ['"', '<i>'], 'https://id.example.com/"><script>');
  expect(skeleton(page)).toEqual(skeleton(plainPage(frame, 'a', ['b', 'c'], 'd')));
});
