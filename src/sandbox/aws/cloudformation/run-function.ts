/**
 * Runs the inline code of a function once, in a Node of its own that may read no file, start no program and sees no
 * environment. Stands in for Lambda as far as a custom resource needs it.
 */
import { spawn } from 'node:child_process';

export interface LambdaFunction {
  readonly source: string;
  /** Of `exports`. */
  readonly handler: string;
  /** Seconds. */
  readonly timeout: number;
}

/** Reads `{ source, handler, event }` from its standard input. */
const bootstrap = `
let text = '';
process.stdin.setEncoding('utf8').on('data', (part) => { text += part; }).on('end', async () => {
  const { source, handler, event } = JSON.parse(text);
  const module = { exports: {} };
  new Function('exports', 'module', 'require', source)(module.exports, module, require);
  await module.exports[handler](event, {});
});`;

/** Resolves when it has ended, however it did; what came of it, it says to the event's ResponseURL. */
export function runFunction({ source, handler, timeout }: LambdaFunction, event: object): Promise<void> {
  const child = spawn(process.execPath, ['--permission', '--input-type=commonjs', '--eval', bootstrap], {
    env: {},
    stdio: ['pipe', 'ignore', 'ignore'],
    timeout: timeout * 1000,
    killSignal: 'SIGKILL',
  });
  child.stdin.on('error', () => undefined).end(JSON.stringify({ source, handler, event }));
  return new Promise((resolve) => {
    child.once('error', () => resolve()).once('close', () => resolve());
  });
}
