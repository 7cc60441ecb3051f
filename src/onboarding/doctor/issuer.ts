/** Any issuer in the world, as each of the clouds would judge it. */
import type { CloudName } from '../../clouds/index.ts';
import type { Now } from '../../platform/time/index.ts';
import { type Check, failed, passed, warned } from './check.ts';
import { type Members, read } from './documents.ts';
import { type Fetched, fetchPublic, type Look } from './fetch.ts';
import { discoveryFaults, type Fault, jwksFaults, urlFaults } from './issuer-faults.ts';

export interface IssuerCheck extends Check {
  /** The clouds that refuse the issuer, or that may do so, for this. */
  readonly minds: readonly CloudName[];
}

export interface IssuerLint {
  readonly issuer: string;
  /** What each cloud would do with its tokens. */
  readonly clouds: Readonly<Record<CloudName, 'accepts' | 'risky' | 'refuses'>>;
  readonly checks: readonly IssuerCheck[];
}

const names: readonly CloudName[] = ['aws', 'azure', 'gcp'];
/** Above this one slow moment is one too many for AWS, which gives up after five seconds. */
const slowMs = 2_000;
/** Nobody documents a limit; no real document comes near. */
const longBytes = 64 * 1024;

export async function lintIssuer(issuer: string, now: Now, look?: Look): Promise<IssuerLint> {
  const checks = [...told('url', `${issuer} is as every cloud wants it`, urlFaults(issuer))];
  const discovery = await fetchPublic(
    `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    now,
    look,
  );
  const document = read(discovery);
  checks.push(
    ...told('discovery', said(discovery), [
      ...transport(discovery, document.faults),
      ...(document.document ? discoveryFaults(issuer, document.document) : []),
    ]),
  );
  const uri = document.document?.jwks_uri;
  if (typeof uri === 'string' && URL.canParse(uri)) checks.push(...(await jwksChecks(uri, now, look)));
  return { issuer, clouds: verdicts(checks), checks };
}

async function jwksChecks(uri: string, now: Now, look?: Look): Promise<IssuerCheck[]> {
  const fetched = await fetchPublic(uri, now, look);
  const { document, faults } = read(fetched);
  const keys = Array.isArray(document?.keys)
    ? document.keys.filter((key): key is Members => typeof key === 'object' && key !== null)
    : [];
  return told('jwks', said(fetched), [...transport(fetched, faults), ...(document ? jwksFaults(keys) : [])]);
}

const said = ({ url, ms }: Fetched): string => `${url} answers in ${ms} ms`;

function transport({ ms, answer }: Fetched, faults: readonly string[]): Fault[] {
  const found: Fault[] = faults.map((what) => ({
    what,
    advice:
      'Serve it from the URL itself with status 200 as application/json, within 5 seconds, with the whole certificate chain, without redirect or challenge.',
    minds: names,
  }));
  if (answer && faults.length === 0 && ms > slowMs)
    found.push({
      what: `it takes ${ms} ms`,
      advice: 'Answer faster: AWS gives up after 5 seconds.',
      minds: ['aws'],
      mild: true,
    });
  if (answer && Buffer.byteLength(answer.body) > longBytes)
    found.push({
      what: `it has over ${longBytes} bytes`,
      advice: 'Publish fewer keys.',
      minds: names,
      mild: true,
    });
  return found;
}

function told(name: string, well: string, faults: readonly Fault[]): IssuerCheck[] {
  if (faults.length === 0) return [{ ...passed(name, well), minds: [] }];
  return faults.map(({ what, advice, minds, mild = false }) => ({
    ...(mild ? warned(name, what, advice) : failed(name, what, advice)),
    minds,
  }));
}

function verdicts(checks: readonly IssuerCheck[]): IssuerLint['clouds'] {
  const of = (cloud: CloudName) => {
    const minded = checks.filter(({ minds }) => minds.includes(cloud));
    if (minded.some(({ outcome }) => outcome === 'failed')) return 'refuses';
    return minded.length > 0 ? 'risky' : 'accepts';
  };
  return { aws: of('aws'), azure: of('azure'), gcp: of('gcp') };
}
