/** Load in bounded rounds: so many POSTs over so many connections that are kept open, then stop. */
import { Agent, request } from 'node:http';

export interface Load {
  readonly url: string;
  readonly body: string;
  readonly requests: number;
  readonly connections: number;
}

/** Sends them all; rejects at the first answer that is not 200. */
export async function send({ url, body, requests, connections }: Load): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let left = requests;
  const one = () =>
    new Promise<void>((resolve, reject) => {
      const headers = {
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': Buffer.byteLength(body),
      };
      request(url, { method: 'POST', agent, headers }, (response) => {
        response.resume();
        response.on('end', () =>
          response.statusCode === 200 ? resolve() : reject(new Error(`answer ${response.statusCode}`)),
        );
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
