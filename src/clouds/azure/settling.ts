/** How long Entra takes to know a federated credential, an identity or an issuer everywhere. */
import type { SojournError } from '../../platform/errors/index.ts';
import { cloudResponseOf } from '../explanation.ts';

/** "Retry for 5 to 10 minutes", Microsoft says, also after a first success (entra-docs, workload identity federation considerations). */
const seconds = 600;

/** No credential that fits, no such application yet, a key or an issuer that is not read yet. */
const passing = ['700211', '700213', '70021', '7000226', '700016', '7000272', '90061', '50166', '501661'];

export const propagation = {
  seconds,
  may: (error: SojournError): boolean => passing.includes(cloudResponseOf(error).code ?? ''),
};
