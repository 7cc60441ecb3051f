/** A real Apache server on loopback (Debian: apache2), with modules that verify tokens. All files are in a temporary folder. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../src/sandbox/demo/local-server.ts';
import { startDaemon } from './daemon.ts';

export interface Apache {
  readonly origin: string;
  stop(): Promise<void>;
}

const ownModules = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'status'];

export interface ApacheOptions {
  /** Further modules. */
  readonly modules: readonly string[];
  /** Lines of the configuration. */
  readonly settings: string;
  /** By path, the lines of its Location. Each path answers 200 with a status page. */
  readonly locations: Readonly<Record<string, string>>;
}

export async function startApache({ modules, settings, locations }: ApacheOptions): Promise<Apache> {
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-apache-'));
  const port = await freePort();
  const configuration = `
ServerName localhost
Listen 127.0.0.1:${port}
PidFile ${folder}/pid
DefaultRuntimeDir ${folder}
ErrorLog ${folder}/log
LogLevel warn
${[...ownModules, ...modules].map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
User www-data
Group www-data
# As www-data, Apache cannot read the temporary folder, and needs one that it can.
DocumentRoot /usr/lib/apache2
${settings}
${Object.entries(locations)
  .map(([path, lines]) => `<Location ${path}>\nSetHandler server-status\n${lines}\n</Location>`)
  .join('\n')}
`;
  const file = join(folder, 'apache.conf');
  await writeFile(file, configuration);
  const origin = `http://127.0.0.1:${port}`;
  const apache = await startDaemon('/usr/sbin/apache2', ['-X', '-f', file], {
    isReady: async () => (await fetch(origin)).status > 0,
  });
  return {
    origin,
    async stop() {
      await apache.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
