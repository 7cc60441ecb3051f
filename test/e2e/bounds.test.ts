/** Requests that are too large, compressed, repeated or ambiguous, and the exact bytes that refuse them. */
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { bodyOf, sendRaw, statusOf } from '../support/raw-http.ts';
import {
  askToken,
  oneConnection,
  type TestClient,
  type TestConnection,
  type TestServer,
  testServer,
  withSecret,
} from '../support/server.ts';

let server: TestServer;
let client: TestClient;
let connection: TestConnection;
let form: string;

beforeAll(async () => {
  server = await testServer();
  ({ client, connection } = await oneConnection(server));
  form = new URLSearchParams(withSecret(client, connection)).toString();
}, 60_000);
afterAll(() => server.close());

const head = (path = '/token', type = 'application/x-www-form-urlencoded') =>
  `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: ${type}\r\n`;
const withLength = (body: string) => `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const chunked = (body: string) =>
  `Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
const exactly = (size: number) => `${form}&pad=`.padEnd(size, 'x');

const refusal = (status: number, error: string, error_description: string) => ({
  status,
  body: { error, error_description },
});
const tooLarge = refusal(413, 'invalid_request', 'The body is larger than 16 KB. Send a smaller body.');
const good = {
  status: 200,
  body: { access_token: expect.any(String), token_type: 'Bearer', expires_in: 300 },
};

async function raw(text: string, origin = server.issuer): Promise<{ status: number; body: unknown }> {
  const answer = await sendRaw(origin, text, 10_000);
  return { status: statusOf(answer), body: JSON.parse(bodyOf(answer)) };
}

describe('a body', () => {
  test('of 16 KB is accepted', async () => {
    expect(await raw(head() + withLength(exactly(16 * 1024)))).toEqual(good);
  });

  test('over 16 KB is refused, with or without a Content-Length', async () => {
    expect(await raw(head() + withLength(exactly(16 * 1024 + 1)))).toEqual(tooLarge);
    expect(await raw(head() + chunked(exactly(16 * 1024 + 1)))).toEqual(tooLarge);
  });

  test('over 16 KB is refused by its Content-Length, before it arrives', async () => {
    expect(await raw(`${head()}Content-Length: 1000000000\r\n\r\n${form}`)).toEqual(tooLarge);
  });

  test('that was refused is read to its end before the next request on the connection, and never parsed as a request', async () => {
    const smuggled = 'GET /jwks HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
    const body = (exactly(16 * 1024) + smuggled.repeat(100)).padEnd(40_000, 'x');
    const kept = head().replace('Connection: close\r\n', '');
    const last = 'GET /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n';
    const answers = await sendRaw(server.issuer, kept + withLength(body) + last, 10_000);
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 404']);
  });

  test('over 16 KB is refused at the other endpoints too', async () => {
    const body = JSON.stringify({ name: 'x'.repeat(17_000) });
    const authorized = `Authorization: Bearer ${server.adminToken}\r\n`;
    const sent = head('/admin/v1/tenants', 'application/json') + authorized + withLength(body);
    expect(await raw(sent, server.adminOrigin)).toEqual({
      status: 413,
      body: {
        type: 'urn:sojourn:error:body_too_large',
        title: 'Payload Too Large',
        status: 413,
        code: 'body_too_large',
        detail: 'The body is larger than 16 KB.',
        advice: 'Send a smaller body.',
        request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
    });
  });
});

describe('headers', () => {
  const nothingMore = (status: string) => `HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`;

  test('over 8 KB are refused, in one header or many', async () => {
    const one = `X-A: ${'a'.repeat(8 * 1024)}\r\n`;
    const many = Array.from({ length: 300 }, (_, number) => `X-${number}: ${'a'.repeat(30)}\r\n`).join('');
    for (const headers of [one, many])
      expect(await sendRaw(server.issuer, head() + headers + withLength(form))).toBe(
        nothingMore('431 Request Header Fields Too Large'),
      );
  });

  test('of 7 KB are accepted', async () => {
    expect(await raw(`${head()}X-A: ${'a'.repeat(7 * 1024)}\r\n${withLength(form)}`)).toEqual(good);
  });

  const smuggled = 'GET /jwks HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
  const ambiguous: Record<string, (body: string) => string> = {
    'Content-Length with Transfer-Encoding': (body) =>
      `Content-Length: ${body.length}\r\n${chunked(body)}${smuggled}`,
    'Transfer-Encoding with Content-Length': (body) =>
      `Transfer-Encoding: chunked\r\nContent-Length: ${body.length}\r\n\r\n0\r\n\r\n${smuggled}`,
    'two Content-Lengths that differ': (body) =>
      `Content-Length: ${body.length}\r\nContent-Length: 0\r\n\r\n${body}${smuggled}`,
    'two Content-Lengths that agree': (body) =>
      `Content-Length: ${body.length}\r\nContent-Length: ${body.length}\r\n\r\n${body}${smuggled}`,
    'a list of Content-Lengths': (body) =>
      `Content-Length: ${body.length}, ${body.length}\r\n\r\n${body}${smuggled}`,
    'a signed Content-Length': (body) => `Content-Length: +${body.length}\r\n\r\n${body}${smuggled}`,
    'a transfer encoding that ends in another than chunked': (body) =>
      `Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${body}${smuggled}`,
    'an unknown transfer encoding': (body) => `Transfer-Encoding: xchunked\r\n\r\n${body}${smuggled}`,
    'a space before the colon': (body) =>
      `Transfer-Encoding : chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n${smuggled}`,
    'a folded header': (body) =>
      `X-A: a\r\n Transfer-Encoding: chunked\r\n${withLength(body)}${smuggled}`.replace(
        'X-A',
        'Content-Length: 0\r\nX-A',
      ),
    'lines that end in a bare LF': (body) =>
      `X-A: a\nContent-Length: ${body.length}\r\n\r\n${body}${smuggled}`,
    'a chunk whose size is no number': (body) =>
      `Transfer-Encoding: chunked\r\n\r\n${body.length}g\r\n${body}\r\n0\r\n\r\n${smuggled}`,
  };

  test.each(Object.keys(ambiguous))(
    'that are ambiguous are refused, and no later request on the connection is answered: %s',
    async (name) => {
      const kept = head().replace('Connection: close\r\n', '');
      const answer = await sendRaw(server.issuer, kept + (ambiguous[name]?.(form) ?? ''), 3_000);
      expect(answer).toBe(nothingMore('400 Bad Request'));
    },
  );
});

describe('a malformed token request', () => {
  const parameters = () => withSecret(client, connection);

  test.each(['gzip', 'deflate', 'br', 'zstd', 'gzip, identity', 'x'])(
    'is refused if its content encoding is %s',
    async (encoding) => {
      const response = await fetch(`${server.issuer}/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': encoding },
        body: Uint8Array.from(gzipSync(form)),
      });
      expect({ status: response.status, body: await response.json() }).toEqual(
        refusal(415, 'invalid_request', 'The body is compressed. Send it uncompressed.'),
      );
    },
  );

  test('is refused if it names two resources, equal or not', async () => {
    const other = await oneConnection(server);
    for (const resource of [parameters().resource, `urn:sojourn:connection:${other.connection.id}`])
      expect(
        await askToken(server.issuer, [...Object.entries(parameters()), ['resource', resource ?? '']]),
      ).toEqual(
        refusal(
          400,
          'invalid_target',
          'The parameter resource is given more than once. Request one resource at a time. Check the connection id in `resource`, and that the client may use it (`sojourn client show`).',
        ),
      );
  });

  test('is refused if its audience is not that of the connection', async () => {
    for (const audience of [
      'sts.amazonaws.com/',
      'STS.AMAZONAWS.COM',
      'api://AzureADTokenExchange',
      server.issuer,
    ])
      expect(await askToken(server.issuer, { ...parameters(), audience })).toEqual(
        refusal(
          400,
          'invalid_target',
          'The parameter audience is not the audience of the connection. Omit it: the connection has exactly one audience.',
        ),
      );
    expect(await askToken(server.issuer, { ...parameters(), audience: connection.audience })).toEqual(good);
  });

  test('is refused with 9,000 parameters, also if they are empty', async () => {
    const many = Array.from({ length: 9_000 }, () => ['', ''] as [string, string]);
    expect(await askToken(server.issuer, [...Object.entries(parameters()), ...many])).toEqual(tooLarge);
    expect(await askToken(server.issuer, [...Object.entries(parameters()), ...many.slice(0, 100)])).toEqual(
      refusal(
        400,
        'invalid_request',
        'The form has too many parameters. Correct the fields that the detail names, then send the request again.',
      ),
    );
  });

  test.each(['application/json', 'text/plain', 'multipart/form-data; boundary=x'])(
    'is refused if its content type is %s',
    async (type) => {
      expect(await raw(head('/token', type) + withLength(form))).toEqual(
        refusal(
          400,
          'invalid_request',
          'The body is not a form. Send it as application/x-www-form-urlencoded.',
        ),
      );
    },
  );

  test('is refused if the URL has a parameter, for any body', async () => {
    expect(await raw(head(`/token?client_id=${client.client_id}`) + withLength(form))).toEqual(
      refusal(
        400,
        'invalid_request',
        'Parameters belong in the body, never in the URL. Send them as a form. If the URL contained a secret, replace it: proxies and servers log URLs.',
      ),
    );
  });
});
