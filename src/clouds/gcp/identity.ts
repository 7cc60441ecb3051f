/**
 * Checks that Google accepts a token, by reading the project of the pool. Google answers 403 if the identity may not see the
 * project, which still proves a valid token, and 401 if the token is invalid.
 */
import { z } from 'zod';
import { SojournError } from '../../platform/errors/index.ts';
import { send } from '../../platform/outbound/index.ts';
import type { CloudContext, Credentials } from '../contract/index.ts';
import { joinUrl, optionalText, parseError, refusalOf } from '../request.ts';
import { withRetries } from '../retry.ts';
import { explain, steps } from './explain.ts';
import type { GcpSettings } from './settings.ts';
import { apiOf, type GcpTarget } from './target.ts';

const errorAnswer = z
  .object({ error: z.object({ status: optionalText, message: optionalText }) })
  .transform(({ error: { status, message } }) => ({ code: status, message }));

export async function identify(
  target: GcpTarget,
  { credentials }: Credentials,
  { settings, signal }: CloudContext<GcpSettings>,
): Promise<string> {
  if (!('access_token' in credentials))
    throw new SojournError('internal', { cause: 'not Google credentials' });
  const { project_number, service_account } = target;
  const manager = settings.resource_manager_endpoint ?? apiOf('cloudresourcemanager', target);
  const url = joinUrl(manager, `/v3/projects/${project_number}`);
  const headers = { accept: 'application/json', authorization: `Bearer ${credentials.access_token}` };
  const isVisible = await withRetries(async () => {
    const answer = await send({ method: 'GET', url, headers, signal });
    if (answer.status === 200) return true;
    const error = parseError(errorAnswer, answer);
    if (answer.status === 403 && error) return false;
    throw refusalOf(answer, { host: new URL(url).host, step: steps.identity, error }, explain);
  }, signal);
  const whose = service_account ?? 'the federated identity';
  const may = isVisible ? 'may see' : 'may not see';
  return `Google accepts the token of ${whose}, which ${may} project ${project_number}.`;
}
