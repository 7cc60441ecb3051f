/** A kept-alive connection that sends arbitrary bytes, one request at a time. */
import { connect, type Socket } from 'node:net';

export interface Answer {
  /** 0 when the connection ended without an answer. */
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** With what stands behind it: the answer to what the server took for another request. */
interface Whole extends Answer {
  readonly more: boolean;
}

export interface Sent {
  readonly bytes: Buffer;
  /** Nothing more follows: the connection is half closed behind the bytes. */
  readonly last: boolean;
  /** An answer to HEAD has no body, whatever its headers say. */
  readonly headOnly: boolean;
}

const patienceMs = 20_000;

export class Wire {
  readonly #port: number;
  #socket: Socket | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  ask({ bytes, last, headOnly }: Sent): Promise<Answer> {
    const socket = this.#socket ?? connect(this.#port, '127.0.0.1').setNoDelay();
    this.#socket = socket;
    return new Promise((resolve, reject) => {
      let received = '';
      const finish = (answer: Answer, keep: boolean) => {
        socket.removeAllListeners();
        socket.setTimeout(0);
        if (!keep) {
          this.#socket = undefined;
          // What the server still sends is nobody's business, and no failure.
          socket.on('error', () => undefined).destroy();
        }
        resolve(answer);
      };
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1');
        const answer = whole(received, headOnly);
        if (answer)
          finish(answer, !last && !answer.more && !/\r\nconnection: close\r\n/i.test(headOf(received)));
      });
      const gone = () => finish(whole(received, headOnly) ?? cut(received), false);
      socket.once('error', gone).once('close', gone);
      socket.setTimeout(patienceMs, () => reject(new Error(`no answer to ${bytes.toString('latin1')}`)));
      if (last) socket.end(bytes);
      else socket.write(bytes);
    });
  }

  close(): void {
    this.#socket?.destroy();
  }
}

/** What came before the connection ended: all of it when nothing says how much there was to be, else no answer. */
const cut = (received: string): Answer =>
  (/\r\ncontent-length: /i.test(headOf(received)) ? undefined : whole(received, true)) ?? {
    status: 0,
    contentType: '',
    body: '',
  };

const headOf = (received: string): string => received.slice(0, received.indexOf('\r\n\r\n') + 2);

/** The answer, when all of it is there; one without a length ends with the connection. */
function whole(received: string, withoutBody: boolean): Whole | undefined {
  const end = received.indexOf('\r\n\r\n') + 4;
  if (end < 4) return undefined;
  const head = headOf(received);
  const status = Number(received.slice(9, 12));
  if (status === 100) return whole(received.slice(end), withoutBody);
  const contentType = /\r\ncontent-type: ([^\r;]*)/i.exec(head)?.[1] ?? '';
  const answer = (length: number): Whole => ({
    status,
    contentType,
    body: Buffer.from(received.slice(end, end + length), 'latin1').toString('utf8'),
    more: received.length > end + length,
  });
  if (withoutBody) return answer(0);
  // Node's own refusals alone are chunked, and empty.
  if (/\r\ntransfer-encoding: chunked\r\n/i.test(head))
    return received.startsWith('0\r\n\r\n', end) ? { ...answer(5), body: '' } : undefined;
  const length = Number(/\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1] ?? Number.NaN);
  return received.length >= end + length ? answer(length) : undefined;
}
