/** `sojourn init`: creates an issuer, once. */
import { createLogger } from '../../../platform/log/index.ts';
import type { InitResult } from '../../../server/init/index.ts';
import { type CommandSpec, isSet } from '../command.ts';
import { configFile, configOption } from '../config-option.ts';
import { counted } from '../print.ts';

/** The command prints the outcome itself. */
const silentLogger = createLogger({ level: 'silent' });

export const init: CommandSpec = {
  usage: 'init',
  description: 'create an issuer: its key-encryption key, its keys and its admin token',
  notes: [
    'Run it once, before the first server starts. It overwrites nothing, and refuses an issuer that exists.',
    'After an interruption, run it again: it continues, and shows a new admin token.',
  ],
  options: [configOption, { flags: '--json', description: 'print JSON' }],
  examples: ['init --config config/sojourn.yaml'],
  async run(args, terminal) {
    const file = configFile(args, terminal.env);
    const { loadConfig } = await import('../../../server/config/index.ts');
    const config = await loadConfig({ file, env: terminal.env, createsKey: true });
    const { hardenProcess } = await import('../../../server/hardening/index.ts');
    hardenProcess({ nodeOptions: terminal.env.NODE_OPTIONS, logger: silentLogger });
    const { initialize } = await import('../../../server/init/index.ts');
    const show = (result: InitResult) =>
      terminal.out(isSet(args, 'json') ? `${JSON.stringify(result, null, 2)}\n` : format(result, file));
    await initialize(config, { show });
    return 0;
  },
};

function format(result: InitResult, file: string): string {
  const { issuer, encryption_key: source, encryption_key_created: created, keys, store, key_folder } = result;
  const rows = [
    [
      'key-encryption key',
      source === null
        ? 'none: the key service has the private keys'
        : `${source}${created || source.startsWith('env:') ? '' : ', which existed'}`,
    ],
    ['keys', `${counted(keys.length, 'key')}, in ${store} and in ${key_folder}`],
    [
      'admin token',
      result.admin_token === null ? 'SOJOURN_ADMIN_TOKEN of the environment' : 'below; it is not shown again',
    ],
  ];
  return `Created the issuer ${issuer}:

${rows.map(([name = '', value = '']) => `  ${name.padEnd(20)}${value}\n`).join('')}${tokenLines(result)}
Next: ${source === null ? '' : 'copy the key-encryption key to a safe place, then '}start the server:

  sojourn serve --config ${file}
`;
}

/** The admin token, ready to be pasted; empty if none was created. */
export const tokenLines = ({ admin_token }: InitResult): string =>
  admin_token === null ? '' : `\n  export SOJOURN_ADMIN_TOKEN=${admin_token}\n`;
