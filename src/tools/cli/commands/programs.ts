/** The server, the demo and the sandbox. The code of each is loaded only when it runs. */
import { existsSync } from 'node:fs';
import { extname } from 'node:path';

import { createLogger, createLogSink } from '../../../platform/log/index.ts';
import { databaseFileOf } from '../../../platform/store/index.ts';
import { addressField, type Config, loadConfig } from '../../../server/config/index.ts';
import { hardenProcess } from '../../../server/hardening/index.ts';
import type { InitResult } from '../../../server/init/index.ts';
import { allClouds, sandboxPaths } from '../cloud-names.ts';
import { type CommandSpec, isSet, type Terminal } from '../command.ts';
import { configFile } from '../config-option.ts';
import { usageError } from '../failure.ts';
import { stopSignal } from '../signals.ts';
import { tokenLines } from './init.ts';

export const serve: CommandSpec = {
  usage: 'serve',
  description: 'run the server until SIGTERM or SIGINT',
  options: [
    { flags: '--config <file>', description: 'the YAML file (SOJOURN_CONFIG)' },
    {
      flags: '--init',
      description: 'first create the issuer, as `sojourn init` does, if there is no database',
    },
    {
      flags: '--trust-clock',
      description: 'the clock is right, although the audit log has later times or was not written for long',
    },
  ],
  examples: ['serve --config config/sojourn.yaml'],
  async run(args, terminal) {
    const file = configFile(args, terminal.env);
    const creates = isSet(args, 'init');
    const loaded = await loadConfig({ file, env: terminal.env, createsKey: creates });
    const sink = createLogSink();
    const logger = createLogger({ destination: sink });
    hardenProcess({ nodeOptions: terminal.env.NODE_OPTIONS, logger });
    if (creates) await createIssuer(loaded, terminal);
    // Again, because its key-encryption key may be new.
    const config = creates ? await loadConfig({ file, env: terminal.env }) : loaded;
    const { startServer } = await import('../../../server/compose/index.ts');
    // Listen before the start, so that a signal during the start still closes what was opened.
    const stop = stopSignal();
    const server = await startServer(config, {
      logger,
      isClockVouchedFor: isSet(args, 'trustClock'),
      droppedLogLines: sink.dropped,
    });
    terminal.err(formatStarted(server, config.issuer));
    await stop;
    await server.close();
    // Lines that a reader does not take would keep the process alive.
    if (!(await sink.close())) process.exit(0);
    return 0;
  },
};

/** For one server on one machine. A shared store that was emptied must not get new keys because a server starts on it. */
async function createIssuer(config: Config, terminal: Terminal): Promise<void> {
  if (databaseFileOf(config.store) === undefined)
    throw usageError(
      '--init is only for a SQLite store. Run `sojourn init` once, before the first replica starts.',
    );
  const { initializeIfNew } = await import('../../../server/init/index.ts');
  const show = (result: InitResult) => {
    const token =
      result.admin_token === null ? '' : ` The admin token, which is not shown again:\n${tokenLines(result)}`;
    terminal.err(
      `Created the issuer ${result.issuer} in ${result.store} and ${result.key_folder}.${token}\n`,
    );
  };
  await initializeIfNew(config, { show });
}

function formatStarted(server: { publicOrigin: string; adminOrigin: string }, issuer: string): string {
  return `Sojourn serves ${issuer} on ${server.publicOrigin} and the admin API on ${server.adminOrigin}.

Next, in another terminal:

  npm run -s sojourn -- tenant create --name Acme
`;
}

/** The parts of `src/sandbox` used here. Declared here because a type import would add the sandbox to the server's build. */
interface Demo {
  runDemo(options: { readonly output: NodeJS.WritableStream }): Promise<number>;
}

interface Sandbox {
  startSandbox(options: {
    readonly listen: { readonly host: string; readonly port: number };
  }): Promise<{ readonly origin: string; close(): Promise<void> }>;
}

/** Loads a module of `src/sandbox`, which the server's build does not contain (tsconfig.build.json). */
async function loadFromSandbox<T>(module: string): Promise<T> {
  const file = new URL(`../../../sandbox/${module}${extname(import.meta.filename)}`, import.meta.url);
  if (!existsSync(file))
    throw usageError(
      'This build contains only the server. Run the command in a clone of the repository, or in an image built with `--target sandbox`.',
    );
  return (await import(file.href)) as T;
}

export const demo: CommandSpec = {
  usage: 'demo',
  description: 'run the main workflow against the sandbox clouds',
  examples: ['demo'],
  async run(_, terminal) {
    const { runDemo } = await loadFromSandbox<Demo>('demo/index');
    return runDemo({ output: terminal.stdout });
  },
};

export const sandbox: CommandSpec = {
  usage: 'sandbox',
  description: `run sandbox clouds: local emulations of ${allClouds}`,
  options: [
    {
      flags: '--listen <address>',
      description: 'HOST:PORT; port 0 selects a free port',
      defaultValue: '127.0.0.1:8090',
    },
  ],
  examples: ['sandbox --listen 127.0.0.1:8090'],
  async run({ options }, terminal) {
    const listen = addressField.safeParse(options.listen);
    if (!listen.success) throw usageError(`--listen ${listen.error.issues[0]?.message}.`);
    const { startSandbox } = await loadFromSandbox<Sandbox>('index');
    const stop = stopSignal();
    const clouds = await startSandbox({ listen: listen.data }).catch((error: NodeJS.ErrnoException) => {
      throw usageError(`--listen ${String(options.listen)} cannot be used (${error.code}).`);
    });
    terminal.out(formatSandboxStarted(clouds.origin));
    await stop;
    await clouds.close();
    return 0;
  },
};

const formatSandboxStarted = (origin: string): string =>
  `The sandbox clouds are at ${origin}: ${sandboxPaths}; /sandbox sets clock and faults.\n`;
