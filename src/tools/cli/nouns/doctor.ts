/** `sojourn doctor`: whether the clouds would trust this server, and what somebody should know. */
import { type Check, examine, type Told } from '../../../onboarding/doctor/index.ts';
import { systemNow } from '../../../platform/time/index.ts';
import { adminUrl, askAdmin, connectionOptions, itemsOf } from '../admin.ts';
import { type CommandSpec, type Face, flag, type Given } from '../command.ts';
import { parseJson } from '../failure.ts';
import { columns, type Json, printable } from '../print.ts';
import { probe, readAnswer } from '../server.ts';
import { doctorSecrets } from './doctor-secrets.ts';

export const doctor: CommandSpec = {
  usage: 'doctor',
  about:
    'look at a running server as the clouds see it from here; exit code 1 when a check fails, 3 when --secrets cannot tell',
  options: [
    { flags: '--tenant <id>', about: 'the issuer of this tenant instead of the main one' },
    { flags: '--secrets', about: 'look for shared secrets alone; exit code 1 when a client has one' },
    { flags: '--json', about: 'print the answer as JSON' },
    ...connectionOptions,
  ],
  examples: ['doctor', 'doctor --json --url https://admin.example.com:8081', 'doctor --secrets'],
  async run(given, face) {
    if (flag(given, 'secrets')) return doctorSecrets(given, face);
    const checks = await examine(await ask(given, face), systemNow);
    face.out(flag(given, 'json') ? `${JSON.stringify({ checks }, null, 2)}\n` : told(checks));
    return checks.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
  },
};

async function ask(given: Given, face: Face): Promise<Told> {
  const tenant = typeof given.options.tenant === 'string' ? given.options.tenant : undefined;
  const look = async (path: string, query = {}): Promise<Json> =>
    readAnswer(await askAdmin({ method: 'GET', path, query }, given, face));
  const all = async (path: string): Promise<readonly Json[]> => {
    const found: Json[] = [];
    for (let after: string | undefined; ; ) {
      const page = await look(path, { limit: '200', after });
      found.push(...itemsOf(page));
      if (typeof page.next !== 'string') return found;
      after = page.next;
    }
  };
  // First: it says by a whole sentence when no server is there or the token is wrong.
  const issuer = await look('/issuer', { tenant });
  const base = adminUrl(given, face);
  const { headers, body } = await probe(`${base}/readyz`);
  const ready = parseJson(body) as { checks?: unknown } | undefined;
  return {
    adminUrl: base,
    issuer,
    serverDate: headers.date,
    readiness: Array.isArray(ready?.checks) ? ready.checks : [],
    keys: itemsOf(await look('/keys')),
    connections: await all('/connections'),
    clients: await all('/clients'),
  } as unknown as Told;
}

function told(checks: readonly Check[]): string {
  const rows = columns(
    checks.map((check) => ({ ...check })),
    ['name', 'outcome', 'detail'],
  );
  const advice = checks
    .filter((check) => check.advice !== null)
    .map((check) => `→ ${check.name}: ${printable(check.advice ?? '')}\n`);
  return rows + (advice.length === 0 ? '' : `\n${advice.join('')}`);
}
