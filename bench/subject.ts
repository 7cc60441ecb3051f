/** A program under measurement: a child process that works on request and reports its CPU time. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Subject {
  /** Where to send requests, and with which body; undefined for work without a network. */
  readonly target?: {
    readonly url: string;
    readonly body: string;
    readonly headers?: Readonly<Record<string, string>>;
  };
  /** User and system CPU time of all threads so far, in microseconds. */
  cpu(): Promise<number>;
  /** Repeats the work inside the process. */
  work(times: number): Promise<void>;
  stop(): Promise<void>;
}

type Message =
  | { readonly ready: Subject['target'] | null }
  | { readonly cpu: number }
  | { readonly worked: true };

export async function startSubject(name: string): Promise<Subject> {
  const child = fork(fileURLToPath(new URL(`./subjects/${name}.ts`, import.meta.url)), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ready = await nextMessage(child);
  if (!('ready' in ready)) throw new Error(`${name} did not start`);
  const request = async (command: object): Promise<Message> => {
    const reply = nextMessage(child);
    child.send(command);
    return reply;
  };
  return {
    ...(ready.ready ? { target: ready.ready } : {}),
    cpu: async () => {
      const reply = await request({ command: 'cpu' });
      return 'cpu' in reply ? reply.cpu : Number.NaN;
    },
    work: async (times) => {
      await request({ command: 'work', times });
    },
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill();
      await exited;
    },
  };
}

async function nextMessage(child: ChildProcess): Promise<Message> {
  const done = new AbortController();
  const { signal } = done;
  try {
    const [message] = await Promise.race([
      once(child, 'message', { signal }),
      once(child, 'exit', { signal }).then(([code]) => {
        throw new Error(`a measured program ended with code ${code}`);
      }),
    ]);
    return message as Message;
  } finally {
    done.abort();
  }
}

/** Runs in the child process. */
export function runSubject(
  target: Subject['target'] | null,
  work: (times: number) => Promise<void> = async () => {},
): void {
  process.on('message', async (message: { command: 'cpu' | 'work'; times?: number }) => {
    if (message.command === 'work') {
      await work(message.times ?? 0);
      process.send?.({ worked: true });
    } else {
      const { user, system } = process.cpuUsage();
      process.send?.({ cpu: user + system });
    }
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ ready: target });
}
