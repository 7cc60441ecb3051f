/** Raw HTTP, for requests that no client library would send. */
import { connect } from 'node:net';

/** Sends `text` and returns everything received until the peer closes or `timeoutMs` has passed. */
export function sendRaw(origin: string, text: string, timeoutMs = 5_000): Promise<string> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(Number(port), hostname, () => socket.write(text));
    socket.setTimeout(timeoutMs, () => socket.destroy());
    socket.setEncoding('utf8');
    socket.on('data', (data: string) => {
      received += data;
    });
    socket.on('close', () => resolve(received));
    socket.on('error', reject);
  });
}

/** The body of a single response that ends with the connection. */
export const bodyOf = (answer: string): string => answer.slice(answer.indexOf('\r\n\r\n') + 4);
export const statusOf = (answer: string): number => Number(answer.split(' ')[1]);
