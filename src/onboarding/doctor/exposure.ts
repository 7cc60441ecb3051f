/** Whether what belongs to administrators is served where the issuer is. */
import type { Now } from '../../platform/time/index.ts';
import { type Check, failed, passed } from './check.ts';
import { fetchPublic } from './fetch.ts';

const paths = ['/admin/v1/keys', '/metrics', '/readyz'];

/** Anything but a refusal to know the path counts; a 401 of the admin API shows that it is there. */
export async function checkExposure(origin: string, adminUrl: string, now: Now): Promise<Check> {
  const open: string[] = [];
  for (const path of paths) {
    const { answer } = await fetchPublic(origin + path, now);
    const text = answer?.body ?? '';
    if (/"code":"unauthorized"|^# HELP sojourn_|"checks":\[/m.test(text)) open.push(path);
  }
  return open.length === 0
    ? passed('admin_listener', `not served at ${origin}; asked here at ${adminUrl}`)
    : failed(
        'admin_listener',
        `${origin} serves ${open.join(', ')}`,
        'Let the proxy in front pass only to listen.public.',
      );
}
