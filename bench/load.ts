/** Sends a fixed number of POST requests over a fixed number of keep-alive connections. */
import { Agent, request } from 'node:http';

export interface Load {
  readonly url: string;
  readonly body: string;
  readonly requests: number;
  readonly connections: number;
  /** Added to the headers of a form, or overriding them. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Receives the latency of each response. */
  readonly latenciesMs?: number[];
}

/** Rejects at the first response that is not 200. */
export async function sendLoad({
  url,
  body,
  requests,
  connections,
  headers: own,
  latenciesMs,
}: Load): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let left = requests;
  const sendRequest = () =>
    new Promise<void>((resolve, reject) => {
      const headers = {
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': Buffer.byteLength(body),
        ...own,
      };
      const startedAt = performance.now();
      request(url, { method: 'POST', agent, headers }, (response) => {
        response.resume();
        response.on('end', () => {
          latenciesMs?.push(performance.now() - startedAt);
          if (response.statusCode === 200) resolve();
          else reject(new Error(`status ${response.statusCode}`));
        });
      })
        .on('error', reject)
        .end(body);
    });
  const worker = async () => {
    while (left-- > 0) await sendRequest();
  };
  await Promise.all(Array.from({ length: connections }, worker));
  agent.destroy();
}
