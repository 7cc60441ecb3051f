/** A request before serialization, which mutations change. */
export interface Draft {
  method: string;
  path: string;
  headers: [string, string][];
  form: [string, string][];
  /** Takes the place of the form, when set. */
  body?: string;
  /** How the body is framed. */
  framing: 'length' | 'chunked';
  /** Added to the length that is told. */
  lengthOff: number;
  /** The part of the body that is sent, from 0 to 1. */
  sent: number;
}

export const formType = 'application/x-www-form-urlencoded';

export const draftOf = (form: Record<string, string>, headers: [string, string][] = []): Draft => ({
  method: 'POST',
  path: '/token',
  headers: [['Host', '127.0.0.1'], ['Content-Type', formType], ...headers],
  form: Object.entries(form),
  framing: 'length',
  lengthOff: 0,
  sent: 1,
});

export const bodyOf = ({ body, form }: Draft): string => body ?? new URLSearchParams(form).toString();

export const setHeader = (draft: Draft, name: string, value: string): void => {
  draft.headers = [
    ...draft.headers.filter(([other]) => other.toLowerCase() !== name.toLowerCase()),
    [name, value],
  ];
};

/** The bytes, and whether anything can follow them on the connection. */
export function toBytes(draft: Draft): { bytes: Buffer; last: boolean; headOnly: boolean } {
  const body = Buffer.from(bodyOf(draft));
  const { method, path, framing, lengthOff, sent } = draft;
  const framed =
    framing === 'length'
      ? body
      : Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]);
  const length =
    framing === 'length'
      ? `Content-Length: ${Math.max(0, body.length + lengthOff)}\r\n`
      : 'Transfer-Encoding: chunked\r\n';
  const lines = draft.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const head = Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines}${length}\r\n`);
  return {
    bytes: Buffer.concat([head, framed.subarray(0, Math.ceil(framed.length * sent))]),
    last: sent < 1 || lengthOff !== 0,
    headOnly: method === 'HEAD',
  };
}
