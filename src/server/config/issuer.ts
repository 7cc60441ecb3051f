/**
 * Validates the issuer URL. Every customer's cloud stores it byte for byte and it can never change, so only the one
 * spelling is accepted that every URL library, proxy and cloud reads in the same way.
 */
import { z } from 'zod';
import { isLoopback } from '../../platform/outbound/index.ts';

/** AWS accepts at most 255 characters for the URL of an OIDC provider (IAM CreateOpenIDConnectProvider). */
const maxLength = 255;

/** A name in DNS without a dot at its end, or an address; the URL standard allows quotes and braces too. */
const hostForm = /^(?:[\w.-]*[\w-]|\[[\da-f:.]+\])$/;

export const issuerField = z.string().superRefine((text, context) => {
  for (const message of issuerFaults(text)) context.addIssue({ code: 'custom', message });
});

function issuerFaults(text: string): string[] {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url?.host || !/^https?:\/\//i.test(text)) return ['must be a URL, for example https://id.example.com'];
  const isLocal = url.protocol === 'http:' && isLoopback(url.hostname);
  const [, authority = '', path = ''] = /^https?:\/\/([^/?#]*)([^?#]*)/i.exec(text) ?? [];
  const host = authority.replace(/^.*@/, '');
  const rules: readonly [broken: boolean, message: string][] = [
    [url.protocol === 'http:' && !isLocal, 'must begin with https:// (http only for loopback hosts)'],
    [text !== text.toLowerCase(), 'must be in lower case'],
    [authority.includes('@'), 'must not contain a user or password'],
    [
      !isLocal && /:\d*$/.test(host.replace(/\[.*\]/, '')),
      'must not contain a port (allowed only for http on loopback)',
    ],
    [text.includes('?'), 'must not contain a query'],
    [text.includes('#'), 'must not contain a fragment'],
    [path.endsWith('/'), 'must not end with a slash'],
    [/\/\.{1,2}(\/|$)/.test(path), 'must not contain dot segments'],
    [text.length > maxLength, `must be at most ${maxLength} characters`],
  ];
  const messages = rules.filter(([broken]) => broken).map(([, message]) => message);
  if (messages.length > 0) return messages;
  const canonical = url.pathname === '/' ? url.origin : url.href;
  const isCanonical = text === canonical && hostForm.test(url.hostname) && /^(\/[a-z0-9._~-]+)*$/.test(path);
  return isCanonical
    ? []
    : ['must be in canonical form: no escapes, no empty segments, no alternative spelling of the host'];
}
