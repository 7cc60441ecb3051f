/** Whether the issuer's public origin serves paths of the admin listener. */
import type { Now } from '../../platform/time/index.ts';
import { fetchPublic } from '../../tokens/remote-documents/index.ts';
import { type Check, failed, passed } from './check.ts';

const paths = ['/admin/v1/keys', '/metrics', '/healthz'];

/** A path counts as served even if it needs a token: a 401 of the admin API shows that it is exposed. */
export async function checkExposure(origin: string, adminUrl: string, now: Now): Promise<Check> {
  const open: string[] = [];
  for (const path of paths) {
    const { answer } = await fetchPublic(origin + path, now);
    const text = answer?.body ?? '';
    if (/"code":"unauthorized"|^# HELP sojourn_|^\{"status":"ok"\}$/m.test(text)) open.push(path);
  }
  return open.length === 0
    ? passed('admin_listener', `not served at ${origin}; this machine reaches it at ${adminUrl}`)
    : failed(
        'admin_listener',
        `${origin} serves ${open.join(', ')}`,
        'Configure the reverse proxy to forward to listen.public only.',
      );
}
