/** `sojourn doctor --secrets`: lists the clients that share a secret with the server. */
import { findSharedSecrets, type SharedSecrets } from '../../../onboarding/doctor/index.ts';
import { SojournError } from '../../../platform/errors/index.ts';
import { adminUrl, requestAdmin } from '../admin.ts';
import { isSet, type ParsedArguments, type Terminal } from '../command.ts';
import { reportFailure } from '../failure.ts';
import { allPages } from '../pages.ts';
import { columns, counted, printable } from '../print.ts';
import { get, parseAnswer } from '../server.ts';

/** Differs from 1 (secrets found) and 2 (usage error). */
const incomplete = 3;

/** Resolves to the exit code: 0 if there are none, 1 if there are some, 3 if the check could not be completed. */
export async function doctorSecrets(args: ParsedArguments, terminal: Terminal): Promise<number> {
  try {
    const fetchJson = async (path: string, query = {}) =>
      parseAnswer(await requestAdmin({ method: 'GET', path, query }, args, terminal));
    // First, because it reports clearly that no server answers or that the token is wrong.
    await fetchJson('/issuer');
    const pages = allPages((query) => fetchJson('/clients', query));
    const { headers } = await get(`${adminUrl(args, terminal)}/healthz`);
    const result = await findSharedSecrets(pages, headers.date);
    terminal.out(isSet(args, 'json') ? `${JSON.stringify(result, null, 2)}\n` : formatResult(result));
    return result.shared_secrets.length === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof SojournError)) throw error;
    reportFailure(error, terminal);
    return incomplete;
  }
}

function formatResult({ clients, shared_secrets: secrets, notes }: SharedSecrets): string {
  const summary = `${counted(secrets.length, 'shared secret')} in use; ${counted(clients, 'client')} checked.\n`;
  const rows = columns(secrets, [
    'client_id',
    'name',
    'secret',
    'disabled',
    'age_days',
    'last_used_at',
    'expires_at',
  ]);
  const advice = secrets.map(({ client_id, advice: text }) => `→ ${printable(`${client_id}: ${text}`)}\n`);
  const list = secrets.length === 0 ? '' : `\n${rows}\n${advice.join('')}`;
  return `${summary}${list}\n${notes.map((note) => `${note}\n`).join('')}`;
}
