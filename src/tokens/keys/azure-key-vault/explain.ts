/** What an error of Azure Key Vault means: https://learn.microsoft.com/azure/key-vault/general/rest-error-codes */
import { z } from 'zod';
import type { SojournError } from '../../../platform/errors/index.ts';
import type { OutboundAnswer } from '../../../platform/outbound/index.ts';
import { refused, throttled, unavailable } from '../service/faults.ts';
import { readError, retryAfterOf, text } from '../service/rest.ts';

const inner = z.object({ code: text }).optional().catch(undefined);
const errorSchema = z.object({ error: z.object({ code: text, message: text, innererror: inner }) });

export function explain(answer: OutboundAnswer): SojournError {
  const { code, message, innererror } = readError(errorSchema, answer)?.error ?? { code: '', message: '' };
  const codes = [code || `status ${answer.status}`, innererror?.code].filter(Boolean).join('/');
  const said = `Azure Key Vault: ${codes}${message ? `: ${message}` : ''}`;
  if (answer.status === 429) return throttled(said, retryAfterOf(answer));
  // 401 is about our own token, which is fetched anew; its words may repeat what was sent.
  if (answer.status === 401)
    return unavailable(`Azure Key Vault does not take the server's own token (${codes})`);
  // 403 is disabled or denied, 404 deleted or never there, 409 deleted but not yet purged.
  if ([400, 403, 404, 409].includes(answer.status)) return refused(said);
  return unavailable(said);
}
