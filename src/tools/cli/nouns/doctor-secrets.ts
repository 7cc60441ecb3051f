/** `sojourn doctor --secrets`: proves that no client shares a secret with this server, or says which do. */
import { findSharedSecrets, type SecretsFound } from '../../../onboarding/doctor/index.ts';
import { SojournError } from '../../../platform/errors/index.ts';
import { adminUrl, askAdmin } from '../admin.ts';
import { type Face, flag, type Given } from '../command.ts';
import { tellFailure } from '../failure.ts';
import { columns, printable } from '../print.ts';
import { probe, readAnswer } from '../server.ts';

/** Told apart from 1, some are left, and from 2, not understood. */
const couldNotTell = 3;

/** Resolves to the exit code: 0 when there is none, 1 when there are some, 3 when that could not be found out. */
export async function doctorSecrets(given: Given, face: Face): Promise<number> {
  try {
    const look = async (path: string, query = {}) =>
      readAnswer(await askAdmin({ method: 'GET', path, query }, given, face));
    // First: it says by a whole sentence when no server is there or the token is wrong.
    await look('/issuer');
    const page = (after: string | undefined) => look('/clients', { limit: '200', after });
    const { headers } = await probe(`${adminUrl(given, face)}/healthz`);
    const found = await findSharedSecrets(page, headers.date);
    face.out(flag(given, 'json') ? `${JSON.stringify(found, null, 2)}\n` : told(found));
    return found.shared_secrets.length === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof SojournError)) throw error;
    tellFailure(error, face);
    return couldNotTell;
  }
}

function told({ clients, shared_secrets: left, notes }: SecretsFound): string {
  const counted = `${left.length} shared ${left.length === 1 ? 'secret' : 'secrets'} in use; ${clients} ${clients === 1 ? 'client' : 'clients'} looked at.\n`;
  const names = ['client_id', 'name', 'secret', 'disabled', 'age_days', 'last_used_at', 'expires_at'];
  const rows = columns(
    left.map((one) => ({ ...one })),
    names,
  );
  const advice = left.map(({ client_id, instead }) => `→ ${printable(`${client_id}: ${instead}`)}\n`);
  const list = left.length === 0 ? '' : `\n${rows}\n${advice.join('')}`;
  return `${counted}${list}\n${notes.map((note) => `${note}\n`).join('')}`;
}
