/** Maps errors of Azure Key Vault: https://learn.microsoft.com/azure/key-vault/general/rest-error-codes */
import { z } from 'zod';
import type { SojournError } from '../../../platform/errors/index.ts';
import type { OutboundResponse } from '../../../platform/outbound/index.ts';
import { refused, throttled, unavailable } from '../service/faults.ts';
import { optionalText, readError, retryAfterOf } from '../service/rest.ts';

const inner = z.object({ code: optionalText }).optional().catch(undefined);
const errorSchema = z.object({
  error: z.object({ code: optionalText, message: optionalText, innererror: inner }),
});

export function explain(answer: OutboundResponse): SojournError {
  const { code, message, innererror } = readError(errorSchema, answer)?.error ?? { code: '', message: '' };
  const codes = [code || `status ${answer.status}`, innererror?.code].filter(Boolean).join('/');
  const text = `Azure Key Vault: ${codes}${message ? `: ${message}` : ''}`;
  if (answer.status === 429) return throttled(text, retryAfterOf(answer));
  // 401 rejects our own access token, which is then fetched again. The message is left out, because it may repeat the
  // token.
  if (answer.status === 401)
    return unavailable(`Azure Key Vault rejects the server's own access token (${codes})`);
  // 403: disabled or denied. 404: deleted or never created. 409: deleted but not purged yet.
  if ([400, 403, 404, 409].includes(answer.status)) return refused(text);
  return unavailable(text);
}
