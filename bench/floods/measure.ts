/**
 * `measure.ts TARGET MS`: latencies of documents on new connections and of a good client's sign-ins, for so many
 * milliseconds. Prints them as JSON.
 */
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Latencies, Target } from './target.ts';

const [text = '', ms = ''] = process.argv.slice(2);
const { origin, good } = JSON.parse(text) as Target;
const end = performance.now() + Number(ms);
const patienceMs = 10_000;

/** Sends one request on a new connection; resolves to its status, or 0 if there was no answer. */
const send = (path: string, localAddress: string, body?: string): Promise<number> =>
  new Promise((resolve) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
    const method = body === undefined ? 'GET' : 'POST';
    const sent = request(origin + path, { agent: false, localAddress, method, headers }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0));
    });
    sent.setTimeout(patienceMs, () => sent.destroy());
    sent.on('error', () => resolve(0)).end(body);
  });

const documents: number[] = [];
const client: number[] = [];
let failures = 0;

async function readDocuments(): Promise<void> {
  for (let number = 0; performance.now() < end; number++) {
    const startedAt = performance.now();
    if ((await send('/jwks', `127.200.${number % 200}.1`)) !== 200) failures += 1;
    documents.push(performance.now() - startedAt);
    await sleep(5);
  }
}

/** As an SDK does: after 503 it tries again. */
async function signIn(): Promise<void> {
  while (good !== '' && performance.now() < end) {
    const startedAt = performance.now();
    let status = await send('/token', '127.201.0.1', good);
    for (let time = 0; status === 503 && time < 3; time++) {
      await sleep(200);
      status = await send('/token', '127.201.0.1', good);
    }
    if (status !== 200) failures += 1;
    client.push(performance.now() - startedAt);
    await sleep(50);
  }
}

await Promise.all([readDocuments(), signIn()]);
process.stdout.write(JSON.stringify({ documents, client, failures } satisfies Latencies));
