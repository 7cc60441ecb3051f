/** Ways in which private keys could leave the process, tried on the program as an operator runs it. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { environment, sojournProgram, startProcess, writeConfig } from './process.ts';
import { newFolder, server, steadyPort } from './stage.ts';

const noReasons = { code: null, out: '', err: '' };

/** Runs `sojourn serve` with arguments of node and NODE_OPTIONS until it has ended by itself. */
async function refusal(node: readonly string[], options?: string) {
  const folder = await newFolder();
  const file = await writeConfig({ folder, port: await steadyPort() });
  const env = environment(options === undefined ? {} : { NODE_OPTIONS: options });
  const args = [...node, sojournProgram, 'serve', '--config', file];
  const ended = await new Promise<{ code: unknown; out: string; err: string }>((resolve) => {
    execFile(process.execPath, args, { cwd: folder, env, timeout: 60_000 }, (error, out, err) =>
      resolve({ ...noReasons, code: error?.code ?? 0, out, err }),
    );
  });
  expect(await readdir(folder)).toEqual(['sojourn.yaml']);
  return ended;
}

const refused = (flag: string, why: string) => ({
  code: 1,
  out: '',
  err: `The server does not start with ${flag}: ${why}, and the private keys are in memory.\n→ Remove ${flag} from the command line of node and from NODE_OPTIONS.\n`,
});

const snapshot = 'a heap snapshot writes the memory to a file';
const report = 'a diagnostic report contains the environment, which may contain the key-encryption key';

describe('the server does not start and creates nothing', () => {
  test.each([
    ['--heapsnapshot-signal', '--heapsnapshot-signal=SIGUSR2', snapshot],
    ['--heapsnapshot-near-heap-limit', '--heapsnapshot-near-heap-limit=2', snapshot],
    ['--heap_snapshot_on_oom', '--heap_snapshot_on_oom', snapshot],
    ['--report-on-signal', '--report-on-signal', report],
    ['--report-on-fatalerror', '--report-on-fatalerror', report],
    ['--report-uncaught-exception', '--report-uncaught-exception', report],
    [
      '--abort-on-uncaught-exception',
      '--abort-on-uncaught-exception',
      'a core dump writes the memory to a file',
    ],
  ])(
    'with %s',
    async (flag, given, why) => {
      expect(await refusal([given])).toEqual(refused(flag, why));
    },
    60_000,
  );

  // Not --inspect-wait and --inspect-brk: with them Node itself waits, and nothing of ours is run.
  test.each([
    ['on the command line', ['--inspect=127.0.0.1:0'], ''],
    ['in NODE_OPTIONS', [], '--inspect=127.0.0.1:0'],
  ])(
    'with --inspect %s',
    async (_, given, options) => {
      expect(await refusal(given, options)).toMatchObject({
        code: 1,
        out: '',
        err: expect.stringContaining(
          'The server does not start with --inspect: an inspector exposes the memory',
        ),
      });
    },
    60_000,
  );

  test.each([
    '--heapsnapshot-signal=SIGUSR2',
    '--stack-trace-limit=20 "--heapsnapshot-signal=SIGUSR2"',
    '--heapsnapshot_signal SIGUSR2',
  ])(
    'with NODE_OPTIONS of %s',
    async (options) => {
      const flag = options.includes('_') ? '--heapsnapshot_signal' : '--heapsnapshot-signal';
      expect(await refusal([], options)).toEqual(refused(flag, snapshot));
    },
    60_000,
  );

  test('with an inspector that a preloaded module opened', async () => {
    const opener = 'data:text/javascript,import { open } from "node:inspector"; open(0, "127.0.0.1");';
    expect(await refusal([`--import=${opener}`])).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining(
        'The server does not start with an open inspector: it exposes the memory, which contains the private keys.\n→ Start it without a debugger.\n',
      ),
    });
  }, 60_000);
});

test('the server starts with options that expose nothing', async () => {
  const [folder, port] = [await newFolder(), await steadyPort()];
  const node = ['--trace-sigint', '--stack-trace-limit=20'];
  const running = await server({ folder, port, node, env: { NODE_OPTIONS: '--report-dir=/tmp' } });
  expect(await running.stop('SIGTERM')).toEqual({ code: 0, signal: null });
}, 60_000);

test('SIGUSR1 does not open an inspector or stop the server', async () => {
  const [folder, port] = [await newFolder(), await steadyPort()];
  const running = await server({ folder, port });
  process.kill(running.pid, 'SIGUSR1');
  expect((await fetch(`${running.adminOrigin}/healthz`)).status).toBe(200);
  process.kill(running.pid, 'SIGUSR1');
  expect((await fetch(`${running.adminOrigin}/healthz`)).status).toBe(200);
  expect(await running.stop('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(running.output()).not.toMatch(/debugger|inspector/i);
}, 60_000);

describe('a crash', () => {
  const crashable = { first: 'ulimit -c unlimited' };

  test.each(['SIGABRT', 'SIGSEGV'] as const)(
    'by %s leaves no core dump',
    async (signal) => {
      const [folder, port] = [await newFolder(), await steadyPort()];
      const running = await startProcess({ folder, port, ...crashable });
      const limits = await readFile(`/proc/${running.pid}/limits`, 'utf8');
      expect(limits).toMatch(/^Max core file size +1 +1 +bytes/m);
      expect(await running.stop(signal)).toEqual({ code: null, signal });
      expect((await readdir(folder)).filter((name) => !name.startsWith('sojourn.'))).toEqual([
        'encryption.key',
        'keys',
      ]);
    },
    60_000,
  );

  test('that would leave a core dump is announced in the log if prlimit is missing', async () => {
    const [folder, port] = [await newFolder(), await steadyPort()];
    const running = await server({ folder, port, ...crashable, env: { PATH: folder } });
    expect(running.output()).toContain('cannot disable core dumps');
    await running.stop('SIGTERM');
  }, 60_000);

  test('is not announced in the log if the limit is already 0', async () => {
    const [folder, port] = [await newFolder(), await steadyPort()];
    const running = await server({ folder, port, first: 'ulimit -c 0', env: { PATH: folder } });
    await running.stop('SIGTERM');
    expect(running.output()).not.toContain('core dump');
  }, 60_000);
});
