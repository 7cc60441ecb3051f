/**
 * A hundred thousand requests to /token: valid ones with random mutations. SOJOURN_FUZZ_SEED repeats a run;
 * SOJOURN_FUZZ_REQUESTS and SOJOURN_FUZZ_SECONDS bound it, whichever comes first.
 */

import { randomInt } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { startForeignIssuer } from '../support/foreign-issuer.ts';
import { repetitions } from '../support/scale.ts';
import { askToken, awsTarget, oneConnection, withSecret } from '../support/server.ts';
import { type Good, goodRequests } from './fuzz/good.ts';
import { sentenceOf, strangeness } from './fuzz/known.ts';
import { mutate } from './fuzz/mutations.ts';
import { randomFrom } from './fuzz/random.ts';
import { toBytes } from './fuzz/request.ts';
import { Wire } from './fuzz/wire.ts';
import { adminToken } from './process.ts';
import { later, server, steadyPort } from './stage.ts';

const seed = Number(process.env.SOJOURN_FUZZ_SEED ?? randomInt(2 ** 32));
const wanted = Number(process.env.SOJOURN_FUZZ_REQUESTS ?? 100_000);
const workers = 16;
/** A slow machine sends fewer in the time, and says so. */
const longestMs = Number(process.env.SOJOURN_FUZZ_SECONDS ?? repetitions({ part: 15, full: 300 })) * 1000;

interface Heard {
  readonly sent: number;
  /** jti of every token that was received. */
  readonly tokens: readonly string[];
  readonly signatures: readonly string[];
  /** How many refusals came in the form that /token has. */
  readonly refused: number;
  readonly sentences: ReadonlyMap<string, number>;
  /** What is strange, with the request that showed it. */
  readonly strange: readonly string[];
}

async function fuzz(port: number, good: Good): Promise<Heard> {
  const ends = performance.now() + longestMs;
  const tokens: string[] = [];
  const signatures: string[] = [];
  const strange: string[] = [];
  const sentences = new Map<string, number>();
  let sent = 0;
  let refused = 0;
  const work = async (worker: number) => {
    const random = randomFrom(seed + worker);
    const wire = new Wire(port);
    while (sent < wanted && performance.now() < ends && strange.length < 20) {
      sent += 1;
      const draft = await good.draft(random);
      mutate(draft, random);
      const request = toBytes(draft);
      const answer = await wire.ask(request);
      if (answer.status === 200 && /"access_token":"/.test(answer.body)) {
        const { access_token: token } = JSON.parse(answer.body) as { access_token: string };
        tokens.push(String(decodeJwt(token).jti));
        signatures.push(token.slice(token.lastIndexOf('.') + 1));
        continue;
      }
      const sentence = sentenceOf(answer);
      sentences.set(sentence, (sentences.get(sentence) ?? 0) + 1);
      if (answer.contentType === 'application/json' && !request.headOnly) refused += 1;
      const finding = strangeness(answer, request.headOnly);
      if (finding) strange.push(`${finding}: ${request.bytes.toString('latin1').slice(0, 600)}`);
    }
    wire.close();
  };
  await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));
  return { sent, tokens, signatures, refused, sentences, strange };
}

const memoryOf = async (pid: number): Promise<number> =>
  Number(/VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

interface Entry {
  readonly event: string;
  readonly jti?: string;
  readonly facts?: { readonly count?: number };
}

/** The audit as it is kept, past the server that wrote it. */
function auditIn(folder: string): string[] {
  const database = new DatabaseSync(join(folder, 'sojourn.db'), { readOnly: true });
  const rows = database.prepare('SELECT value FROM journal').all() as { value: string }[];
  database.close();
  return rows.map(({ value }) => value);
}

test(
  'no mutated request to /token stops the server, gets an unknown answer, bypasses the audit or leaves a secret in the log',
  async () => {
    process.stderr.write(`SOJOURN_FUZZ_SEED=${seed}\n`);
    const foreign = await startForeignIssuer();
    later(() => foreign.close());
    const folder = await mkdtemp(join(tmpdir(), 'sojourn-fuzz-'));
    later(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
    const port = await steadyPort();
    const sojourn = await server({
      folder,
      port,
      config: {
        federation: {
          ca: foreign.caFile,
          allow_networks: ['127.0.0.0/8', '::1/128'],
        },
      },
      program: join(import.meta.dirname, 'debug-server.ts'),
      node: ['--max-old-space-size=160'],
    });
    const { connection, client } = await oneConnection(sojourn, {
      cloud: 'aws',
      target: awsTarget,
      algorithm: 'ES256',
    });
    const good = await goodRequests(sojourn, foreign, connection);

    const before = await memoryOf(sojourn.pid);
    const begun = performance.now();
    const { sent, tokens, signatures, refused, sentences, strange } = await fuzz(port, good);
    const seconds = Math.round((performance.now() - begun) / 1000);
    const after = await memoryOf(sojourn.pid);
    process.stderr.write(
      `${sent} requests in ${seconds} s, ${tokens.length} tokens, ${sentences.size} refusals; ${Math.round(before)} MB, then ${Math.round(after)} MB\n`,
    );

    expect({ seed, strange }).toEqual({ seed, strange: [] });
    // Each way in was really taken, and each way out really seen.
    expect(tokens.length).toBeGreaterThan(sent / 20);
    expect([...sentences.keys()].filter((sentence) => sentence.startsWith('401')).length).toBeGreaterThan(0);

    // The same process, and as good as before.
    expect((await askToken(sojourn.issuer, withSecret(client, connection))).status).toBe(200);
    expect(after).toBeLessThan(before + 200);
    expect(await sojourn.stop('SIGTERM')).toEqual({ code: 0, signal: null });

    const audit = auditIn(folder);
    const entries = audit.map((line) => JSON.parse(line) as Entry);
    const issued = entries.filter(({ event }) => event === 'token.issued').map(({ jti }) => jti);
    const known = new Set(issued);
    expect(known.size).toBe(issued.length);
    expect({ seed, unheard: tokens.filter((jti) => !known.has(jti)) }).toEqual({ seed, unheard: [] });
    const counts = entries
      .filter(({ event }) => event === 'token.refused')
      .map(({ facts }) => facts?.count ?? 1);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(refused);

    const secrets = [...good.lasting, client.client_secret, adminToken];
    const signed = new Set([...good.signatures, ...signatures]);
    for (const [place, text] of Object.entries({ log: sojourn.output(), audit: audit.join('\n') })) {
      const told = text.toLowerCase();
      const found = [
        // Also half of one, in any case.
        ...secrets.filter((secret) => told.includes(secret.slice(4, 28).toLowerCase())),
        ...(text.match(/[\w-]{40,}/g) ?? []).filter((word) => signed.has(word)),
        ...(text.match(/eyJ[\w-]+\.eyJ[\w-]+\.[\w-]{10,}|PRIVATE KEY|"d":"[\w-]{40,}/g) ?? []),
      ];
      expect({ seed, place, found }).toEqual({ seed, place, found: [] });
    }
    expect(sojourn.output()).toContain('"event":"token.refused"');
  },
  longestMs + 60_000,
);
