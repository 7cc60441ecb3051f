/** A program under measurement: a child process that does its work when told and says what CPU that took. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Subject {
  /** Where to send requests and with which form; absent for work without a network. */
  readonly target?: {
    readonly url: string;
    readonly body: string;
    readonly headers?: Readonly<Record<string, string>>;
  };
  /** User and system CPU time of all threads so far, in microseconds. */
  cpu(): Promise<number>;
  /** Does the work `times` times inside the process. */
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
  const ready = await answer(child);
  if (!('ready' in ready)) throw new Error(`${name} did not start`);
  const ask = async (question: object): Promise<Message> => {
    const answered = answer(child);
    child.send(question);
    return answered;
  };
  return {
    ...(ready.ready ? { target: ready.ready } : {}),
    cpu: async () => {
      const said = await ask({ ask: 'cpu' });
      return 'cpu' in said ? said.cpu : Number.NaN;
    },
    work: async (times) => {
      await ask({ ask: 'work', times });
    },
    stop: async () => {
      const gone = once(child, 'exit');
      child.kill();
      await gone;
    },
  };
}

async function answer(child: ChildProcess): Promise<Message> {
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

/** The child's side. */
export function beSubject(
  target: Subject['target'] | null,
  work: (times: number) => Promise<void> = async () => {},
): void {
  process.on('message', async (message: { ask: 'cpu' | 'work'; times?: number }) => {
    if (message.ask === 'work') {
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
