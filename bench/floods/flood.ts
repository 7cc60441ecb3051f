/**
 * The generator: `flood.ts NAME TARGET` floods a server on loopback and ends by itself. Every flood is bounded in count and
 * in time, and sends only from and to 127.0.0.0/8.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { floodMs, type Target } from './target.ts';

const [name = '', text = ''] = process.argv.slice(2);
const { origin, page, wrong } = JSON.parse(text) as Target;
const { hostname: host, port } = new URL(origin);
if (!host.startsWith('127.')) throw new Error('floods stay on loopback');
const deadline = Date.now() + floodMs;
const isOver = () => Date.now() >= deadline;

const open = (localAddress: string): Socket =>
  connect({ host, port: Number(port), localAddress }).on('error', () => {});
/** A different address of 127.0.0.0/8 for each number, without those of the measurements. */
const addressOf = (number: number): string =>
  `127.${1 + ((number >> 16) & 63)}.${(number >> 8) & 255}.${1 + (number % 254)}`;
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
const post = (body: string) =>
  `POST /token HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;

/** Resolves when the socket has closed, or at the deadline. */
const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => socket.destroy(), Math.max(0, deadline - Date.now()));
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });

const floods: Readonly<Record<string, () => Promise<unknown>>> = {
  /** 23 MB of requests from one address on two connections, without waiting for answers. */
  async pipelining() {
    const block = Buffer.from(get('/jwks').repeat(1_000));
    const send = async () => {
      const socket = open('127.1.0.1').resume();
      const end = closed(socket);
      for (let sent = 0; sent < 11.5e6 && !socket.destroyed; sent += block.length)
        if (!socket.write(block))
          await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), end]);
      await end;
    };
    await Promise.all([send(), send()]);
  },

  /** 10,000 connections from 100 addresses that send nothing. */
  async idle() {
    const sockets: Socket[] = [];
    for (let number = 0; number < 10_000 && !isOver(); number++) {
      sockets.push(open(addressOf(number % 100)).resume());
      if (number % 100 === 99) await sleep(10);
    }
    await sleep(Math.max(0, deadline - Date.now()));
    for (const socket of sockets) socket.destroy();
  },

  /** 15,000 sign-ins with a wrong secret, each from an address of its own, 200 at a time. */
  async 'sign-ins'() {
    let next = 0;
    const worker = async () => {
      while (next < 15_000 && !isOver()) {
        const socket = open(addressOf(next++)).resume();
        socket.write(post(wrong));
        await closed(socket);
      }
    };
    await Promise.all(Array.from({ length: 200 }, worker));
  },

  /** One customer who reloads the page of an invitation on 32 connections, at most 200,000 times. */
  async reloads() {
    let left = 200_000;
    const worker = async () => {
      const socket = open('127.1.0.2');
      const end = closed(socket);
      const send = () => {
        if (left-- > 0 && !isOver()) socket.write(get(page));
        else socket.destroy();
      };
      // Close enough: an answer of several chunks makes it send a little more.
      socket.on('data', send);
      send();
      await end;
    };
    await Promise.all(Array.from({ length: 32 }, worker));
  },
};

await floods[name]?.();
process.exit(0);
