/**
 * Checks customers' documents in a child process, because evaluating one can take any time and memory: then only the child
 * ends. It has no keys and no environment. It starts for the first document, and ends when it has been idle for a while.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { extname, join } from 'node:path';
import type { Connection } from '../../../access/connections/index.ts';
import {
  diagnosisOf,
  type GuardrailResult,
  type LintResult,
  type Preset,
  type SetupFacts,
} from '../../../clouds/index.ts';
import { invalidRequest, SojournError } from '../../../platform/errors/index.ts';
import { createBuckets, createFairQueue } from '../../../platform/limits/index.ts';
import type { Now } from '../../../platform/time/index.ts';
import type { Check, Outcome } from './messages.ts';

export interface DocumentChecks {
  /**
   * Rejects with `invalid_request`, also for a document that is too complex, with `rate_limited` for a while after such a
   * document of the tenant, and with `server_busy`.
   */
  lint(connection: Connection, facts: SetupFacts, document: string): Promise<LintResult>;
  /** Rejects like `lint`. */
  guardrail(connection: Connection, facts: SetupFacts, document: string): Promise<GuardrailResult>;
  /** Ends the child process. */
  close(): void;
}

/** The documents from the field (test/fixtures/field) take 24 ms at most. */
const deadlineMs = 1_500;
/** One check of another tenant up to its deadline, and the start of the process, which takes a second on a busy machine. */
const maxWaitMs = 3_000;
/** One document that is too complex in ten seconds: otherwise one tenant could occupy the process all the time. */
const tooComplexRate = { size: 1, perSecond: 1 / 10 };
/** The modules take 23 MB. */
const maxHeapMb = 96;
const startMs = 10_000;
const idleMs = 60_000;

const program = join(import.meta.dirname, `program${extname(import.meta.filename)}`);

/** @param presets those of the operator */
export function createDocumentChecks(presets: readonly Preset[], now: Now): DocumentChecks {
  const queue = createFairQueue({ total: 1, perTenant: 1, maxWaitMs });
  const tooComplex = createBuckets(tooComplexRate, now);
  let child: ChildProcess | undefined;
  let idle: NodeJS.Timeout | undefined;

  const close = (): void => {
    clearTimeout(idle);
    child?.kill('SIGKILL');
    child = undefined;
  };

  async function started(): Promise<ChildProcess> {
    clearTimeout(idle);
    if (child?.connected) return child;
    child = fork(program, {
      env: {},
      execArgv: ['--no-warnings', `--max-old-space-size=${maxHeapMb}`],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const starting = child;
    starting.on('error', () => undefined);
    starting.send(presets);
    if ((await messageOf(starting, startMs)) === undefined) {
      close();
      throw new SojournError('internal', {
        cause: new Error('the process that checks documents does not start'),
      });
    }
    // The server ends without waiting for it.
    starting.unref();
    starting.channel?.unref();
    return starting;
  }

  function assertMayCheck(tenant: string): void {
    const retryAfter = tooComplex.retryAfter(tenant);
    if (retryAfter === 0) return;
    const detail = 'The last document of this tenant was too complex to check.';
    throw new SojournError('rate_limited', { detail, retryAfter });
  }

  async function run<Result>(connection: Connection, check: Check): Promise<Result> {
    // Throws for a destination without checks.
    diagnosisOf(connection.cloud);
    const outcome = await queue
      .run(connection.tenant, async () => {
        assertMayCheck(connection.tenant);
        const process = await started();
        process.send(check);
        const answer = (await messageOf(process, deadlineMs)) as Outcome<Result> | undefined;
        if (answer) idle = setTimeout(close, idleMs).unref();
        else {
          tooComplex.consume(connection.tenant);
          close();
        }
        return answer;
      })
      .catch((error: unknown) => {
        if (!(error instanceof SojournError) || error.code !== 'overloaded') throw error;
        throw new SojournError('server_busy', { retryAfter: 1 });
      });
    if (!outcome)
      throw invalidRequest([
        { path: 'document', message: 'is too complex to check; check its parts one by one, or simplify it' },
      ]);
    if ('result' in outcome) return outcome.result;
    const { code, ...options } = outcome.error;
    throw new SojournError(code, options);
  }

  const taskOf = (
    type: Check['type'],
    { cloud, target }: Connection,
    facts: SetupFacts,
    document: string,
  ): Check => ({ type, cloud, target, facts, document });
  return {
    lint: (connection, ...given) => run(connection, taskOf('lint', connection, ...given)),
    guardrail: (connection, ...given) => run(connection, taskOf('guardrail', connection, ...given)),
    close,
  };
}

/** The next message of the child; undefined if it ends first, or is late. */
async function messageOf(child: ChildProcess, limitMs: number): Promise<unknown> {
  const gone = new AbortController();
  const stop = () => gone.abort();
  const timer = setTimeout(stop, limitMs);
  child.once('exit', stop);
  try {
    const [message] = (await once(child, 'message', { signal: gone.signal })) as [unknown];
    return message;
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
    child.off('exit', stop);
  }
}
