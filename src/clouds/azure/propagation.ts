/** How long a federated credential, an identity or an issuer takes to propagate in Entra. */
import type { SojournError } from '../../platform/errors/index.ts';
import { cloudResponseOf } from '../explanation.ts';

/** Microsoft: "Retry for 5 to 10 minutes", even after a first success (entra-docs, workload identity federation considerations). */
const seconds = 600;

/** No matching credential, an unknown application, or a key or issuer that has not been read yet. */
const transientCodes = [
  '700211',
  '700213',
  '70021',
  '7000226',
  '700016',
  '7000272',
  '90061',
  '50166',
  '501661',
];

export const propagation = {
  seconds,
  mayExplain: (error: SojournError): boolean => transientCodes.includes(cloudResponseOf(error).code ?? ''),
};
