/**
 * Runs the inline code of a function once, in a Node process without file access, child processes and environment
 * variables. Replaces Lambda as far as custom resources need it.
 */
import { spawn } from 'node:child_process';

export interface LambdaFunction {
  readonly source: string;
  /** The name of the handler in `exports`. */
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

/**
 * Resolves when the process has ended, with or without success. The function reports its result to the event's
 * ResponseURL.
 */
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
