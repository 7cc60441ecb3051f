/** `sojourn doctor --secrets`: proves that no client shares a secret with this server, or says which do. */
import { findSharedSecrets, type SharedSecrets } from '../../../onboarding/doctor/index.ts';
import { SojournError } from '../../../platform/errors/index.ts';
import { adminUrl, requestAdmin } from '../admin.ts';
import { isSet, type ParsedArguments, type Terminal } from '../command.ts';
import { reportFailure } from '../failure.ts';
import { columns, printable } from '../print.ts';
import { get, parseAnswer } from '../server.ts';

/** Told apart from 1, some are left, and from 2, not understood. */
const unknown = 3;

/** Resolves to the exit code: 0 when there is none, 1 when there are some, 3 when that could not be found out. */
export async function doctorSecrets(args: ParsedArguments, terminal: Terminal): Promise<number> {
  try {
    const look = async (path: string, query = {}) =>
      parseAnswer(await requestAdmin({ method: 'GET', path, query }, args, terminal));
    // First: it says by a whole sentence when no server is there or the token is wrong.
    await look('/issuer');
    const page = (after: string | undefined) => look('/clients', { limit: '200', after });
    const { headers } = await get(`${adminUrl(args, terminal)}/healthz`);
    const found = await findSharedSecrets(page, headers.date);
    terminal.out(isSet(args, 'json') ? `${JSON.stringify(found, null, 2)}\n` : formatResult(found));
    return found.shared_secrets.length === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof SojournError)) throw error;
    reportFailure(error, terminal);
    return unknown;
  }
}

function formatResult({ clients, shared_secrets: left, notes }: SharedSecrets): string {
  const counted = `${left.length} shared ${left.length === 1 ? 'secret' : 'secrets'} in use; ${clients} ${clients === 1 ? 'client' : 'clients'} looked at.\n`;
  const names = ['client_id', 'name', 'secret', 'disabled', 'age_days', 'last_used_at', 'expires_at'];
  const rows = columns(
    left.map((one) => ({ ...one })),
    names,
  );
  const adviceLines = left.map(({ client_id, advice }) => `→ ${printable(`${client_id}: ${advice}`)}\n`);
  const list = left.length === 0 ? '' : `\n${rows}\n${adviceLines.join('')}`;
  return `${counted}${list}\n${notes.map((note) => `${note}\n`).join('')}`;
}
