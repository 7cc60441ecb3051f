/**
 * The issuer's form. It stands byte for byte in every customer's cloud and can never change again, so only the one
 * spelling is taken that no URL library, proxy or cloud reads in another way.
 */
import { z } from 'zod';
import { isLoopback } from './address.ts';

/** AWS takes 255 characters for the URL of an OIDC provider (IAM CreateOpenIDConnectProvider). */
const maxLength = 255;

export const issuerField = z.string().superRefine((text, context) => {
  for (const message of issuerFaults(text)) context.addIssue({ code: 'custom', message });
});

function issuerFaults(text: string): string[] {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url?.host || !/^https?:\/\//i.test(text)) return ['must be a URL, for example https://id.example.com'];
  const local = url.protocol === 'http:' && isLoopback(url.hostname);
  const [, authority = '', path = ''] = /^https?:\/\/([^/?#]*)([^?#]*)/i.exec(text) ?? [];
  const host = authority.replace(/^.*@/, '');
  const rules: readonly [broken: boolean, message: string][] = [
    [url.protocol === 'http:' && !local, 'must begin with https:// (http only for loopback hosts)'],
    [text !== text.toLowerCase(), 'must be in lower case'],
    [authority.includes('@'), 'must not hold a user or password'],
    [!local && /:\d*$/.test(host.replace(/\[.*\]/, '')), 'must not hold a port (only loopback http may)'],
    [text.includes('?'), 'must not hold a query'],
    [text.includes('#'), 'must not hold a fragment'],
    [path.endsWith('/'), 'must not end with a slash'],
    [/\/\.{1,2}(\/|$)/.test(path), 'must not hold dot segments'],
    [text.length > maxLength, `must not be over ${maxLength} characters`],
  ];
  const messages = rules.filter(([broken]) => broken).map(([, message]) => message);
  if (messages.length > 0) return messages;
  const spelled = url.pathname === '/' ? url.origin : url.href;
  const plain = text === spelled && !url.hostname.endsWith('.') && /^(\/[a-z0-9._~-]+)*$/.test(path);
  return plain ? [] : ['must be spelled plainly: no escapes, no empty segments, no other form of the host'];
}
