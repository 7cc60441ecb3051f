/** Programs of others that tests use where the machine has them and they can do what is needed. */
import { spawnSync } from 'node:child_process';
import { test } from '@jest/globals';

interface Program {
  readonly command: readonly string[];
  /**
   * Older versions ignore AWS_ENDPOINT_URL and would call AWS itself (AWS SDKs and Tools Reference Guide,
   * "Service-specific endpoints").
   */
  readonly needs?: { readonly versions: RegExp; readonly since: Readonly<Record<string, string>> };
}

const has = (file: string): Program => ({ command: ['sh', '-c', `test -e ${file} || exit 127`] });

const programs: Readonly<Record<string, Program>> = {
  aws: {
    command: ['aws', '--version'],
    needs: { versions: /aws-cli\/(\d+)\.(\d+)/, since: { '1': '1.29', '2': '2.13' } },
  },
  boto3: {
    command: ['python3', '-c', 'import boto3; print(boto3.__version__)'],
    needs: { versions: /^(\d+)\.(\d+)/, since: { '1': '1.28' } },
  },
  // Debian's folders of programs and modules that are not in the path.
  rabbitmq: has('/usr/lib/rabbitmq/bin/rabbitmq-server'),
  haproxy: has('/usr/sbin/haproxy'),
  mod_oauth2: has('/usr/lib/apache2/modules/mod_oauth2.so'),
  mod_auth_openidc: has('/usr/lib/apache2/modules/mod_auth_openidc.so'),
};

const obstacles = new Map<string, string | undefined>();

/** Why a program cannot be used, such as `is not installed`; undefined if it can. */
export function obstacleTo(name: string): string | undefined {
  if (!obstacles.has(name))
    obstacles.set(name, findObstacle(programs[name] ?? { command: [name, '--version'] }));
  return obstacles.get(name);
}

function findObstacle({ command: [file = '', ...args], needs }: Program): string | undefined {
  const { status, error, stdout, stderr } = spawnSync(file, args, { timeout: 60_000, encoding: 'utf8' });
  if (error || status === 127 || (needs && status !== 0)) return 'is not installed';
  if (!needs) return undefined;
  const [version, major = '', minor = ''] = needs.versions.exec(stdout || stderr) ?? [];
  const since = needs.since[major];
  const isNewEnough = since !== undefined && Number(minor) >= Number(since.split('.')[1]);
  return isNewEnough
    ? undefined
    : `is too old (${version ?? 'unknown version'}; needs ${Object.values(needs.since).join(' or ')})`;
}

export const areUsable = (names: readonly string[]): boolean =>
  names.every((name) => obstacleTo(name) === undefined);

/** A test that needs programs. Where one cannot be used, the run lists the test as not run, and never as passed. */
export function testWith(
  names: readonly string[],
  findObstacleTo: (name: string) => string | undefined = obstacleTo,
): (title: string, work: () => void | Promise<void>, milliseconds?: number) => void {
  const reasons = names.flatMap((name) => {
    const obstacle = findObstacleTo(name);
    return obstacle === undefined ? [] : [`${name} ${obstacle}`];
  });
  if (reasons.length === 0) return test;
  return (title) => test.todo(`${title}: not run, because ${reasons.join(' and ')}`);
}
