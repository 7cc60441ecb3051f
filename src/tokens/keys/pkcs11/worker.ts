/** This side of the thread: tasks go in, results come out, and a thread that died is replaced. */
import { extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { refused, unavailable } from '../service/faults.ts';
import { missingPackage } from '../settings.ts';
import type { Done, Start, Task } from './thread.ts';
import type { TokenSettings } from './token.ts';

const thread = join(import.meta.dirname, `thread${extname(import.meta.filename)}`);

interface Waiting {
  readonly resolve: (result: Done['result']) => void;
  readonly reject: (error: Error) => void;
}

export class TokenWorker {
  readonly #settings: TokenSettings;
  #worker: Promise<Worker> | undefined;
  #count = 0;
  readonly #waiting = new Map<number, Waiting>();

  constructor(settings: TokenSettings) {
    this.#settings = settings;
  }

  /** Rejects with `config_invalid` when the package is not there. */
  async start(): Promise<void> {
    await this.#running();
  }

  async do(task: Task): Promise<NonNullable<Done['result']>> {
    const worker = await this.#running();
    const number = ++this.#count;
    const result = await new Promise<Done['result']>((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      worker.postMessage({ number, ...task });
    });
    return result!;
  }

  async close(): Promise<void> {
    const worker = await this.#worker?.catch(() => undefined);
    await worker?.terminate();
  }

  #running(): Promise<Worker> {
    this.#worker ??= this.#begin();
    return this.#worker;
  }

  #begin(): Promise<Worker> {
    const worker = new Worker(thread, { workerData: this.#settings });
    // A device that never answers keeps no process alive.
    worker.unref();
    return new Promise((resolve, reject) => {
      worker.on('message', (message: Start | Done) => {
        if ('ready' in message) resolve(worker);
        else if ('missing' in message) reject(missingPackage('pkcs11js', message.missing));
        else this.#settle(message);
      });
      let over = false;
      const gone = (error: unknown) => {
        if (over) return;
        over = true;
        this.#worker = undefined;
        const fault = unavailable(`PKCS#11: the thread of the token has ended (${String(error)})`);
        reject(fault);
        for (const { reject: rejectTask } of this.#waiting.values()) rejectTask(fault);
        this.#waiting.clear();
      };
      worker.once('error', gone);
      worker.once('exit', gone);
    });
  }

  #settle({ number, result, fault }: Done): void {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    if (fault) {
      const why = `PKCS#11: ${fault.why}`;
      waiting?.reject(fault.kind === 'refused' ? refused(why) : unavailable(why));
    } else waiting?.resolve(result);
  }
}
