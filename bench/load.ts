/** Load in bounded rounds: so many POSTs over so many connections that are kept open, then stop. */
import { Agent, request } from 'node:http';

export interface Load {
  readonly url: string;
  readonly body: string;
  readonly requests: number;
  readonly connections: number;
  /** Besides those of a form, or in their place. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Takes the milliseconds that each answer took. */
  readonly waited?: number[];
}

/** Sends them all; rejects at the first answer that is not 200. */
export async function send({ url, body, requests, connections, headers: own, waited }: Load): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let left = requests;
  const one = () =>
    new Promise<void>((resolve, reject) => {
      const headers = {
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': Buffer.byteLength(body),
        ...own,
      };
      const begun = performance.now();
      request(url, { method: 'POST', agent, headers }, (response) => {
        response.resume();
        response.on('end', () => {
          waited?.push(performance.now() - begun);
          if (response.statusCode === 200) resolve();
          else reject(new Error(`answer ${response.statusCode}`));
        });
      })
        .on('error', reject)
        .end(body);
    });
  const worker = async () => {
    while (left-- > 0) await one();
  };
  await Promise.all(Array.from({ length: connections }, worker));
  agent.destroy();
}
