/** Replicas are restarted behind HAProxy, which checks them with its defaults: every 2 s, down after three failures. */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { testWith } from '../support/programs.ts';
import { oneConnection, withSecret } from '../support/server.ts';
import { haproxy } from './haproxy.ts';
import { newFolder, redisStore, server, steadyPort } from './stage.ts';

testWith(['haproxy'])(
  'a rolling restart of two replicas behind HAProxy with its default checks fails no request',
  async () => {
    const { config, env } = await redisStore();
    const issuerPort = await steadyPort();
    const start = async (folder: string, port: number) =>
      server({ folder, port, issuerPort, env, config: { ...config, shutdown: { drain: '8s' } } });
    const places = [
      { folder: await newFolder(), port: await steadyPort() },
      { folder: await newFolder(), port: await steadyPort() },
    ] as const;
    const replicas = [
      await start(places[0].folder, places[0].port),
      await start(places[1].folder, places[1].port),
    ];
    const { client, connection } = await oneConnection(replicas[0]!);
    const balancer = await haproxy([replicas[0]!.origin, replicas[1]!.origin]);
    const form = new URLSearchParams(withSecret(client, connection)).toString();
    const agent = new Agent({ keepAlive: true, maxSockets: 20 });
    const outcomes = new Map<string, number>();
    const documents = async () => (await fetch(`${balancer}/jwks`)).status;
    const post = () =>
      new Promise<string>((resolve) => {
        const headers = { 'content-type': 'application/x-www-form-urlencoded' };
        const sent = request(`${balancer}/token`, { method: 'POST', agent, headers }, (answer) => {
          answer.resume().on('end', () => resolve(String(answer.statusCode)));
        });
        sent.on('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)));
        sent.end(form);
      });
    while ((await post()) !== '200') await sleep(100);
    let isRunning = true;
    const load = Promise.all(
      Array.from({ length: 10 }, async () => {
        while (isRunning) {
          const outcome = await post();
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
          expect(await documents()).toBe(200);
          await sleep(100);
        }
      }),
    );
    for (const [index, { folder, port }] of places.entries()) {
      expect(await replicas[index]!.stop('SIGTERM')).toEqual({ code: 0, signal: null });
      replicas[index] = await start(folder, port);
      // HAProxy takes it back after two successful checks.
      await sleep(6_000);
    }
    isRunning = false;
    await load;
    expect([...outcomes.keys()]).toEqual(['200']);
    expect(outcomes.get('200')).toBeGreaterThan(1_000);
  },
  180_000,
);
