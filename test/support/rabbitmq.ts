/**
 * A real RabbitMQ broker on loopback (Debian: rabbitmq-server) with the OAuth 2 plugin and the management API. All files are
 * in a temporary folder, and its port mapper is its own.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../src/sandbox/demo/local-server.ts';
import { type Daemon, startDaemon } from './daemon.ts';

export const rabbitMqPrograms = ['rabbitmq', 'epmd'] as const;

export interface RabbitMq {
  /** The log of the broker, which names the cause of a refusal. */
  log(): string;
  stop(): Promise<void>;
}

/** The program in the path changes the user, and accepts root or rabbitmq only. */
const server = '/usr/lib/rabbitmq/bin/rabbitmq-server';

const plugins = '[rabbitmq_auth_backend_oauth2,rabbitmq_management].\n';

export interface RabbitMqOptions {
  readonly port: number;
  /** The port of the management API. */
  readonly management: number;
  /** More lines of rabbitmq.conf. */
  readonly settings: string;
}

export async function startRabbitMq({ port, management, settings }: RabbitMqOptions): Promise<RabbitMq> {
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-rabbitmq-'));
  const daemons: Daemon[] = [];
  const stop = async () => {
    for (const daemon of daemons.splice(0).reverse()) await daemon.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const [mapper, distribution] = [await freePort(), await freePort()];
    const listeners = [
      `listeners.tcp.1 = 127.0.0.1:${port}`,
      'management.tcp.ip = 127.0.0.1',
      `management.tcp.port = ${management}`,
      'log.console = true',
      'log.console.level = debug',
    ];
    await writeFile(join(folder, 'rabbitmq.conf'), `${listeners.join('\n')}\n${settings}`);
    await writeFile(join(folder, 'plugins'), plugins);
    // The plugin of 3.10 verifies tokens for the management API only with this setting, which rabbitmq.conf does not have.
    await writeFile(join(folder, 'advanced.config'), '[{rabbitmq_management, [{enable_uaa, true}]}].\n');
    daemons.push(
      await startDaemon('epmd', ['-address', '127.0.0.1', '-port', String(mapper)], {
        isReady: () => accepts(mapper),
      }),
    );
    const origin = `http://127.0.0.1:${management}`;
    const broker = await startDaemon(server, [], {
      env: {
        HOME: folder,
        // The program becomes the broker itself, and not its parent.
        RUNNING_UNDER_SYSTEMD: 'true',
        ERL_EPMD_ADDRESS: '127.0.0.1',
        ERL_EPMD_PORT: String(mapper),
        RABBITMQ_NODENAME: `sojourn-${port}@localhost`,
        RABBITMQ_DIST_PORT: String(distribution),
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
        RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq'),
        RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, 'advanced.config'),
        RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
        RABBITMQ_GENERATED_CONFIG_DIR: folder,
        RABBITMQ_MNESIA_BASE: folder,
        RABBITMQ_LOG_BASE: folder,
        RABBITMQ_LOGS: '-',
        RABBITMQ_PID_FILE: join(folder, 'pid'),
      },
      isReady: async () => (await accepts(port)) && (await fetch(origin)).ok,
    });
    daemons.push(broker);
    return { log: broker.output, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
