/** Sends tasks to the worker thread, returns their results, and replaces a thread that has ended. */
import { extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { refused, unavailable } from '../service/faults.ts';
import { missingPackage } from '../settings.ts';
import type { StartMessage, Task, TaskResult } from './thread.ts';
import type { TokenSettings } from './token.ts';

const thread = join(import.meta.dirname, `thread${extname(import.meta.filename)}`);

interface PendingTask {
  readonly resolve: (result: TaskResult['result']) => void;
  readonly reject: (error: Error) => void;
}

export class TokenWorker {
  readonly #settings: TokenSettings;
  #worker: Promise<Worker> | undefined;
  #count = 0;
  readonly #pending = new Map<number, PendingTask>();

  constructor(settings: TokenSettings) {
    this.#settings = settings;
  }

  /** Rejects with `config_invalid` if the package is missing. */
  async start(): Promise<void> {
    await this.#startedWorker();
  }

  async run(task: Task): Promise<NonNullable<TaskResult['result']>> {
    const worker = await this.#startedWorker();
    const number = ++this.#count;
    const result = await new Promise<TaskResult['result']>((resolve, reject) => {
      this.#pending.set(number, { resolve, reject });
      worker.postMessage({ number, ...task });
    });
    return result!;
  }

  async close(): Promise<void> {
    const worker = await this.#worker?.catch(() => undefined);
    await worker?.terminate();
  }

  #startedWorker(): Promise<Worker> {
    this.#worker ??= this.#spawn();
    return this.#worker;
  }

  #spawn(): Promise<Worker> {
    const worker = new Worker(thread, { workerData: this.#settings });
    // unref, so that a device that never responds does not keep the process alive.
    worker.unref();
    return new Promise((resolve, reject) => {
      worker.on('message', (message: StartMessage | TaskResult) => {
        if ('ready' in message) resolve(worker);
        else if ('missing' in message) reject(missingPackage('pkcs11js', message.missing));
        else this.#settle(message);
      });
      let over = false;
      const onEnd = (error: unknown) => {
        if (over) return;
        over = true;
        this.#worker = undefined;
        const fault = unavailable(`PKCS#11: the worker thread of the token has ended (${String(error)})`);
        reject(fault);
        for (const { reject: rejectTask } of this.#pending.values()) rejectTask(fault);
        this.#pending.clear();
      };
      worker.once('error', onEnd);
      worker.once('exit', onEnd);
    });
  }

  #settle({ number, result, fault }: TaskResult): void {
    const waiting = this.#pending.get(number);
    this.#pending.delete(number);
    if (fault) {
      const why = `PKCS#11: ${fault.reason}`;
      waiting?.reject(fault.kind === 'refused' ? refused(why) : unavailable(why));
    } else waiting?.resolve(result);
  }
}
