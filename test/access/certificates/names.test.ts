/** Comparing the names of a certificate with the registered one. */
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { matchesName, type NameType, parseName } from '../../../src/access/certificates/index.ts';
import { type AlternativeName, selfSigned } from '../../support/authority.ts';

const folder = mkdtempSync(join(tmpdir(), 'sojourn-names-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Created with openssl, which also writes unusual names. */
function byOpenssl(subject: string, ...more: string[]): X509Certificate {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-utf8'];
  execFileSync('openssl', [...args, '-keyout', key, '-out', cert, '-subj', subject, ...more], {
    stdio: 'ignore',
  });
  return new X509Certificate(readFileSync(cert));
}

const withNames = async (...names: AlternativeName[]) =>
  new X509Certificate((await selfSigned({ names })).cert);
const dns = (value: string): AlternativeName => ({ type: 2, value });
const uri = (value: string): AlternativeName => ({ type: 6, value });
const email = (value: string): AlternativeName => ({ type: 1, value });
const ip = (value: string): AlternativeName => ({ type: 7, ip: value });

describe('an alternative name', () => {
  const fits: [NameType, AlternativeName[], string][] = [
    ['san_dns', [dns('a.example')], 'a.example'],
    ['san_dns', [dns('A.Example')], 'a.example'],
    ['san_dns', [dns('first.example'), uri('spiffe://x/y'), dns('a.example')], 'a.example'],
    ['san_uri', [uri('spiffe://prod.example/billing')], 'spiffe://prod.example/billing'],
    ['san_ip', [ip('10.0.0.7')], '10.0.0.7'],
    ['san_ip', [ip('2001:db8::7')], '2001:DB8:0:0::7'],
    ['san_email', [email('ops@Example.com')], 'ops@example.com'],
  ];
  test.each(fits)('%s of %j is %s', async (type, names, wanted) => {
    expect(matchesName(await withNames(...names), type, wanted)).toBe(true);
  });

  const differs: [NameType, AlternativeName[], string][] = [
    ['san_dns', [], 'a.example'],
    ['san_dns', [dns('*.example')], 'a.example'],
    ['san_dns', [dns('a.example.evil.test')], 'a.example'],
    ['san_dns', [dns('b.a.example')], 'a.example'],
    ['san_dns', [dns('a.example\0.evil.test')], 'a.example'],
    ['san_dns', [dns('a.example.')], 'a.example'],
    ['san_dns', [dns('evil.test, DNS:a.example')], 'a.example'],
    ['san_dns', [uri('a.example')], 'a.example'],
    ['san_dns', [email('a.example')], 'a.example'],
    ['san_uri', [dns('x, URI:spiffe://prod.example/billing')], 'spiffe://prod.example/billing'],
    ['san_uri', [uri('spiffe://prod.example/billing/x')], 'spiffe://prod.example/billing'],
    ['san_uri', [uri('spiffe://prod.example/Billing')], 'spiffe://prod.example/billing'],
    ['san_uri', [uri('spiffe://prod.example/billing\0')], 'spiffe://prod.example/billing'],
    ['san_ip', [dns('10.0.0.7')], '10.0.0.7'],
    ['san_ip', [ip('10.0.0.8')], '10.0.0.7'],
    ['san_ip', [ip('::ffff:10.0.0.7')], '10.0.0.7'],
    ['san_email', [email('Ops@example.com')], 'ops@example.com'],
    ['san_email', [dns('ops@example.com')], 'ops@example.com'],
  ];
  test.each(differs)('%s of %j is not %s', async (type, names, wanted) => {
    expect(matchesName(await withNames(...names), type, wanted)).toBe(false);
  });

  test('does not match the common name', async () => {
    const { cert } = await selfSigned({ subject: [{ name: 'commonName', value: 'a.example' }] });
    expect(matchesName(new X509Certificate(cert), 'san_dns', 'a.example')).toBe(false);
  });

  test('is found in a critical extension, and after names of other types', () => {
    const names = 'critical,otherName:1.2.3.4;UTF8:a.example,dirName:other,DNS:a.example';
    const config = join(import.meta.dirname, 'other-names.cnf');
    const certificate = byOpenssl('/CN=x', '-config', config, '-addext', `subjectAltName=${names}`);
    expect(matchesName(certificate, 'san_dns', 'a.example')).toBe(true);
    expect(matchesName(certificate, 'san_uri', 'a.example')).toBe(false);
  });
});

describe('a subject', () => {
  const matching: [string, string][] = [
    ['/C=DE/O=Acme/CN=deployer', 'CN=deployer,O=Acme,C=DE'],
    ['/C=DE/O=Acme/CN=deployer', 'cn=deployer,2.5.4.10=Acme,C=#13024445'],
    ['/DC=example/DC=acme/UID=7', 'UID=7,DC=acme,DC=example'],
    ['/O=Acme, Inc./CN=a b', 'CN=a b,O=Acme\\, Inc.'],
    ['/O=Acme, Inc./CN=a b', 'CN=a\\ b,O=Acme\\2C Inc.'],
    ['/O=Müller & Söhne/CN=x', 'CN=x,O=M\\C3\\BCller & Söhne'],
    ['/O=Acme/CN=deployer+UID=7', 'UID=7+CN=deployer,O=Acme'],
    ['/CN=\\#x', 'CN=\\#x'],
    ['/emailAddress=ops@example.com/CN=x', 'CN=x,emailAddress=ops@example.com'],
  ];
  test.each(matching)('%s is %s', (subject, wanted) => {
    expect(matchesName(byOpenssl(subject), 'subject_dn', wanted)).toBe(true);
  });

  test.each([
    ['/C=DE/O=Acme/CN=deployer', 'C=DE,O=Acme,CN=deployer'],
    ['/C=DE/O=Acme/CN=deployer', 'CN=deployer,O=Acme'],
    ['/O=Acme/CN=deployer', 'CN=deployer,O=Acme,C=DE'],
    ['/O=Acme/CN=deployer', 'CN=Deployer,O=Acme'],
    ['/O=Acme/CN=deployer', 'CN=deployer+O=Acme'],
    ['/O=Acme/CN=deployer+UID=7', 'CN=deployer,UID=7,O=Acme'],
    ['/O=Acme/CN=deployer+UID=7', 'CN=deployer+CN=deployer,O=Acme'],
    ['/CN=deployer\\,O=Acme', 'CN=deployer,O=Acme'],
    ['/O=Acme/CN=deployer ', 'CN=deployer,O=Acme'],
    ['/O=Acme/OU=deployer', 'CN=deployer,O=Acme'],
  ])('%s does not match %s', (subject, wanted) => {
    expect(matchesName(byOpenssl(subject), 'subject_dn', wanted)).toBe(false);
  });

  const form = 'must be a distinguished name such as CN=deployer,O=Acme (RFC 4514)';
  test.each([
    ['', form],
    ['deployer', form],
    ['CN=a,', form],
    ['CN=a, O=b', form],
    ['CN=a;O=b', form],
    ['/CN=a', form],
    ['CN="a"', form],
    ['CN=a\\', form],
    ['CN=a\\zz', form],
    ['CN=#zz', 'has an unescaped blank or # at the edge of a value'],
    ['CN= a', 'has an unescaped blank or # at the edge of a value'],
    ['CN=a ', 'has an unescaped blank or # at the edge of a value'],
    ['X=a', 'has the unknown type X; write its number'],
    ['constructor=a', 'has the unknown type constructor; write its number'],
    ['CN=\\FF', 'has a value that is no UTF-8'],
  ])('written as %j is rejected', (text, message) => {
    expect(() => parseName(text)).toThrow(new RangeError(message));
  });
});
