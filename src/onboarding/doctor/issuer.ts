/** Lints any OpenID issuer by the rules of each cloud. */
import { type CloudName, cloudNames } from '../../clouds/index.ts';
import { redact } from '../../platform/redaction/index.ts';
import type { Now } from '../../platform/time/index.ts';
import {
  type Fetched,
  type FetchPublic,
  fetchPublic,
  type Members,
} from '../../tokens/remote-documents/index.ts';
import { type Check, failed, passed, warned } from './check.ts';
import { parseDocument } from './documents.ts';
import { discoveryFaults, type Fault, jwksFaults, ruleFaults, urlFaults } from './issuer-faults.ts';

export interface IssuerCheck extends Check {
  /** The clouds that refuse, or may refuse, the issuer because of this. */
  readonly affected_clouds: readonly CloudName[];
}

export interface IssuerLint {
  readonly issuer: string;
  /** How each cloud treats the issuer's tokens. */
  readonly clouds: Readonly<Record<CloudName, 'accepts' | 'risky' | 'refuses'>>;
  readonly checks: readonly IssuerCheck[];
}

/** AWS gives up after five seconds; above this, one slow moment exceeds that. */
const slowMs = 2_000;
/** No cloud documents a limit; real documents are far smaller. */
const largeBytes = 64 * 1024;

export async function lintIssuer(issuer: string, now: Now, fetchUrl?: FetchPublic): Promise<IssuerLint> {
  const checks = [...checksOf('url', `every cloud accepts ${issuer} as an issuer URL`, urlFaults(issuer))];
  const discovery = await fetchPublic(
    `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    now,
    fetchUrl,
  );
  const document = parseDocument(discovery);
  checks.push(
    ...checksOf('discovery', timingOf(discovery), [
      ...transportFaults(discovery, document.faults),
      ...(document.document ? discoveryFaults(issuer, document.document) : []),
    ]),
  );
  const uri = document.document?.jwks_uri;
  if (typeof uri === 'string' && URL.canParse(uri)) checks.push(...(await jwksChecks(uri, now, fetchUrl)));
  return { issuer, clouds: verdicts(checks), checks };
}

async function jwksChecks(uri: string, now: Now, fetchUrl?: FetchPublic): Promise<IssuerCheck[]> {
  const fetched = await fetchPublic(uri, now, fetchUrl);
  const { document, faults } = parseDocument(fetched);
  const keys = Array.isArray(document?.keys)
    ? document.keys.filter((key): key is Members => typeof key === 'object' && key !== null)
    : [];
  return checksOf('jwks', timingOf(fetched), [
    ...transportFaults(fetched, faults),
    ...(document ? jwksFaults(keys) : []),
  ]);
}

const timingOf = ({ url, ms }: Fetched): string => `${url} answers in ${ms} ms`;

function transportFaults({ ms, answer }: Fetched, faults: readonly string[]): Fault[] {
  const result: Fault[] = faults.map((problem) => ({
    problem,
    advice:
      'Serve it at this URL with status 200 as application/json, within 5 seconds, with the whole certificate chain, and without a redirect or an authentication challenge.',
    clouds: cloudNames,
  }));
  if (answer && faults.length === 0 && ms > slowMs)
    result.push(...ruleFaults('fast_answer', `it takes ${ms} ms`, true));
  if (answer && Buffer.byteLength(answer.body) > largeBytes)
    result.push({
      problem: `it has more than ${largeBytes} bytes`,
      advice: 'Publish fewer keys.',
      clouds: cloudNames,
      isWarning: true,
    });
  return result;
}

function checksOf(name: string, passedDetail: string, faults: readonly Fault[]): IssuerCheck[] {
  if (faults.length === 0) return [{ ...passed(name, passedDetail), affected_clouds: [] }];
  return faults.map(({ problem, advice, clouds, isWarning = false }) => ({
    // It quotes the documents.
    ...(isWarning ? warned : failed)(name, redact(problem), advice),
    affected_clouds: clouds,
  }));
}

function verdicts(checks: readonly IssuerCheck[]): IssuerLint['clouds'] {
  const of = (cloud: CloudName) => {
    const problems = checks.filter(({ affected_clouds }) => affected_clouds.includes(cloud));
    if (problems.some(({ outcome }) => outcome === 'failed')) return 'refuses';
    return problems.length > 0 ? 'risky' : 'accepts';
  };
  return Object.fromEntries(cloudNames.map((cloud) => [cloud, of(cloud)])) as IssuerLint['clouds'];
}
