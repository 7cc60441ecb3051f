/** `sojourn doctor`: checks a running server as the clouds see it. */
import { type Check, type DoctorInput, examine } from '../../../onboarding/doctor/index.ts';
import { systemNow } from '../../../platform/time/index.ts';
import { adminUrl, connectionOptions, itemsOf, requestAdmin } from '../admin.ts';
import { type CommandSpec, isSet, type ParsedArguments, type Terminal, text } from '../command.ts';
import { loadServerConfig } from '../config-option.ts';
import { parseJson } from '../failure.ts';
import { addOwnPresets } from '../own-presets.ts';
import { fetchAll } from '../pages.ts';
import { columns, type Json, printable } from '../print.ts';
import { get, parseAnswer } from '../server.ts';
import { doctorSecrets } from './doctor-secrets.ts';

export const doctor: CommandSpec = {
  usage: 'doctor',
  description: 'check a running server as the clouds see it',
  notes: [
    'Exit code: 1 if a check fails or --secrets finds a shared secret, 3 if --secrets cannot be completed.',
  ],
  options: [
    { flags: '--tenant <id>', description: "check this tenant's issuer instead of the shared one" },
    { flags: '--config <file>', description: 'also check that the next start with this file would succeed' },
    { flags: '--secrets', description: 'check only whether clients have shared secrets' },
    { flags: '--json', description: 'print JSON' },
    ...connectionOptions,
  ],
  examples: ['doctor', 'doctor --json --url https://admin.example.com:8081', 'doctor --secrets'],
  async run(args, terminal) {
    if (isSet(args, 'secrets')) return doctorSecrets(args, terminal);
    const checks = await examine(await fetchInput(args, terminal), systemNow);
    terminal.out(isSet(args, 'json') ? `${JSON.stringify({ checks }, null, 2)}\n` : formatChecks(checks));
    return checks.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
  },
};

async function fetchInput(args: ParsedArguments, terminal: Terminal): Promise<DoctorInput> {
  const tenant = typeof args.options.tenant === 'string' ? args.options.tenant : undefined;
  const fetchJson = async (path: string, query = {}): Promise<Json> =>
    parseAnswer(await requestAdmin({ method: 'GET', path, query }, args, terminal));
  // First, because it reports clearly that no server answers or that the token is wrong.
  const issuer = await fetchJson('/issuer', { tenant });
  addOwnPresets(await fetchJson('/presets'));
  const base = adminUrl(args, terminal);
  const { headers, body } = await get(`${base}/readyz`);
  const ready = parseJson(body) as { checks?: unknown } | undefined;
  return {
    adminUrl: base,
    issuer,
    configured: await configuredIssuer(args, terminal),
    serverDate: headers.date,
    readiness: Array.isArray(ready?.checks) ? ready.checks : [],
    keys: itemsOf(await fetchJson('/keys')),
    connections: await fetchAll((query) => fetchJson('/connections', query)),
    clients: await fetchAll((query) => fetchJson('/clients', query)),
  } as unknown as DoctorInput;
}

const configuredIssuer = async (args: ParsedArguments, { env }: Terminal): Promise<string | undefined> =>
  text(args, 'config') === undefined ? undefined : (await loadServerConfig(args, env)).issuer;

function formatChecks(checks: readonly Check[]): string {
  const rows = columns(checks, ['name', 'outcome', 'detail']);
  const advice = checks
    .filter((check) => check.advice !== null)
    .map((check) => `→ ${check.name}: ${printable(check.advice ?? '')}\n`);
  return rows + (advice.length === 0 ? '' : `\n${advice.join('')}`);
}
