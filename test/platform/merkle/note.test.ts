import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  derSignature,
  formatCheckpoint,
  formatNote,
  parseCheckpoint,
  parseNote,
  parseTilePath,
  parseVerifierKey,
  tilePath,
  verifierKey,
  verifyNote,
} from '../../../src/platform/merkle/index.ts';

const name = 'id.example.com/audit';
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = verifierKey(name, pair.publicKey.export({ format: 'jwk' }));
const root = Buffer.alloc(32, 7);
const text = formatCheckpoint({ origin: name, size: 1_234, root, extensions: ['epoch 0', 'marks abc='] });
const signatureOf = (signed: string, by: KeyObject = pair.privateKey) =>
  sign('sha256', Buffer.from(signed), by);
const note = formatNote(text, { name, keyId: key.keyId, signature: signatureOf(text) });
const [signatureLine = ''] = note.slice(text.length + 1).split('\n');

const invalid = (detail: string) => expect.objectContaining({ code: 'checkpoint_invalid', message: detail });
const refusalOf = (work: () => unknown): unknown => {
  try {
    return ['accepted', work()];
  } catch (error) {
    return error;
  }
};

describe('a signed note', () => {
  test('has the form of C2SP signed-note, and its parts can be checked with openssl alone', () => {
    expect(text).toBe(`${name}\n1234\n${root.toString('base64')}\nepoch 0\nmarks abc=\n`);
    const spki = pair.publicKey.export({ format: 'der', type: 'spki' });
    const keyId = createHash('sha256').update(spki).digest('hex').slice(0, 8);
    const [, encoded = ''] =
      /^[^\n]*\n1234\n[^\n]+\nepoch 0\nmarks abc=\n\n— id\.example\.com\/audit (\S+)\n$/.exec(note) ?? [];
    const bytes = Buffer.from(encoded, 'base64');
    expect(bytes.subarray(0, 4).toString('hex')).toBe(keyId);
    expect(verify('sha256', Buffer.from(text), pair.publicKey, bytes.subarray(4))).toBe(true);
    expect(key.text).toBe(`${name}+${keyId}+${Buffer.concat([Buffer.of(2), spki]).toString('base64')}`);
  });

  test('is parsed and verified', () => {
    const parsed = parseNote(note);
    expect(parsed).toEqual({ text, signatures: [{ name, keyId: key.keyId, signature: expect.any(Buffer) }] });
    expect(verifyNote(parsed, parseVerifierKey(key.text))).toBe(true);
    expect(parseCheckpoint(parsed.text)).toEqual({
      origin: name,
      size: 1_234,
      root,
      extensions: ['epoch 0', 'marks abc='],
    });
  });

  test('with any other byte in its text or its signature is not verified', () => {
    const bytes = Buffer.from(note);
    const accepted: number[] = [];
    for (let i = 0; i < bytes.length; i++) {
      for (const bit of [0, 3, 6]) {
        const changed = Buffer.from(bytes);
        changed[i]! ^= 1 << bit;
        const result = refusalOf(() => verifyNote(parseNote(changed.toString('utf8')), key));
        if (!(result instanceof Error) && JSON.stringify(result) !== '["accepted",false]') accepted.push(i);
      }
    }
    expect(accepted).toEqual([]);
  });

  test('is verified only with the key of the signature and its name', () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
    const parsed = parseNote(note);
    expect(verifyNote(parsed, verifierKey(name, other))).toBe(false);
    expect(verifyNote(parsed, { ...verifierKey(name, other), keyId: key.keyId })).toBe(false);
    expect(verifyNote(parsed, { ...key, name: 'id.example.com/other' })).toBe(false);
    expect(verifyNote(parsed, key)).toBe(true);
  });

  test('may have signatures of other keys, but none of this key that is invalid', () => {
    const foreign = signatureLine.replace(name, 'witness.example');
    const unknown = `— ${name} ${Buffer.from('another key and its signature').toString('base64')}`;
    const wrong = formatNote(text, { name, keyId: key.keyId, signature: signatureOf('other') }).slice(
      text.length + 1,
    );
    const verified = (...lines: string[]) => verifyNote(parseNote(`${text}\n${lines.join('\n')}\n`), key);
    expect(verified(foreign, unknown, signatureLine)).toBe(true);
    expect(verified(...Array.from({ length: 16 }, () => foreign), signatureLine)).toBe(true);
    expect(verified(foreign, unknown)).toBe(false);
    expect(verified(signatureLine, wrong.trim())).toBe(false);
    expect(verified(wrong.trim(), signatureLine)).toBe(false);
  });

  test.each([
    ['', 'has no empty line before its signatures'],
    ['\n\n', 'has no empty line before its signatures'],
    [text, 'has no empty line before its signatures'],
    [`${text}\n`, 'does not end with a signature'],
    [note.slice(0, -1), 'does not end with a signature'],
    [note.replace('\n\n', '\n'), 'has no empty line before its signatures'],
    [`${note}more\n`, 'has a line after the empty line that is not a signature'],
    [`${note}\n`, 'does not end with a signature'],
    [note.replace('— ', '- '), 'has a line after the empty line that is not a signature'],
    [note.replace('— ', '—  '), 'has a line after the empty line that is not a signature'],
    [note.replace(/\n$/, ' \n'), 'has a line after the empty line that is not a signature'],
    [note.replace(/\n$/, '=\n'), 'has a line after the empty line that is not a signature'],
    [
      `${text}\n— a+b ${Buffer.alloc(9).toString('base64')}\n`,
      'has a line after the empty line that is not a signature',
    ],
    [
      `${text}\n— ${name} ${Buffer.alloc(4).toString('base64')}\n`,
      'has a line after the empty line that is not a signature',
    ],
    [note.replaceAll('\n', '\r\n'), 'has characters that no note has'],
    [note.replace('epoch', 'epo\tch'), 'has characters that no note has'],
    [note.replace('epoch', 'epo\u0000ch'), 'has characters that no note has'],
    [note.replace('epoch', '\ud800'), 'has characters that no note has'],
  ])('is refused if it is %j', (bad, fault) => {
    expect(refusalOf(() => parseNote(bad))).toEqual(invalid(`The checkpoint ${fault}.`));
  });
});

test('a note is read up to 131,072 characters', () => {
  const long = (length: number) => formatNote(`${'x'.repeat(length)}\n`, parseNote(note).signatures[0]!);
  const rest = long(0).length;
  expect(parseNote(long(131_072 - rest)).text).toHaveLength(131_073 - rest);
  expect(refusalOf(() => parseNote(long(131_073 - rest)))).toEqual(
    invalid('The checkpoint is longer than 131072 characters.'),
  );
});

describe('the text of a checkpoint', () => {
  test.each([
    ['\n1\nroot\n', 'has no origin'],
    [`${name}\n`, 'has no valid size in its second line'],
    ...['', '01', '-1', '1.0', '0x1', ' 1', '1e3', '9007199254740992', '99999999999999999'].map((size) => [
      `${name}\n${size}\n${root.toString('base64')}\n`,
      'has no valid size in its second line',
    ]),
    ...['', 'abc', root.toString('base64url'), root.toString('hex'), Buffer.alloc(31).toString('base64')].map(
      (bad) => [`${name}\n1\n${bad}\n`, 'has no valid root in its third line'],
    ),
    [`${text}\n`, 'has empty or too many lines after its root'],
    [`${name}\n1\n${root.toString('base64')}\n\nepoch 0\n`, 'has empty or too many lines after its root'],
    [`${text}${'more\n'.repeat(15)}`, 'has empty or too many lines after its root'],
  ])('is refused if it is %j', (bad, fault) => {
    expect(refusalOf(() => parseCheckpoint(bad!))).toEqual(invalid(`The checkpoint ${fault}.`));
  });

  test('may have sixteen lines after its root', () => {
    expect(parseCheckpoint(`${text}${'more\n'.repeat(14)}`).extensions).toHaveLength(16);
    expect(parseCheckpoint(`${name}\n0\n${root.toString('base64')}\n`).size).toBe(0);
  });
});

describe('the text of a verifier key', () => {
  const spki = pair.publicKey.export({ format: 'der', type: 'spki' });
  const encode = (...parts: Uint8Array[]) => Buffer.concat(parts).toString('base64');
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({
    format: 'der',
    type: 'spki',
  });
  const idOf = (der: Uint8Array) => createHash('sha256').update(der).digest('hex').slice(0, 8);

  test('is the text that it was parsed from', () => {
    expect(parseVerifierKey(key.text).text).toBe(key.text);
    expect(
      createPublicKey(parseVerifierKey(key.text).key.export({ format: 'pem', type: 'spki' })).equals(
        pair.publicKey,
      ),
    ).toBe(true);
  });

  test.each([
    ['empty', ''],
    ['without a name', key.text.slice(name.length)],
    ['with a space in its name', `a ${key.text}`],
    ['with a newline', `${key.text}\n`],
    ['with another id', key.text.replace(key.keyId, '00000000')],
    ['with an id in capitals', key.text.replace(key.keyId, 'ABCDEF01')],
    ['of type 1', `${name}+${key.keyId}+${encode(Buffer.of(1), spki)}`],
    ['with bytes after the key', `${name}+${key.keyId}+${encode(Buffer.of(2), spki, Buffer.of(0))}`],
    ['with half a key', `${name}+${key.keyId}+${encode(Buffer.of(2), spki.subarray(0, 40))}`],
    ['of another curve', `${name}+${idOf(p384)}+${encode(Buffer.of(2), p384)}`],
    ['too long', `${'x'.repeat(301)}${key.text.slice(name.length)}`],
  ])('is refused if it is %s', (_, bad) => {
    expect(refusalOf(() => parseVerifierKey(bad))).toEqual(
      invalid('The checkpoint key is not a verifier key of type 2 (ECDSA with P-256).'),
    );
  });
});

describe('a signature in DER', () => {
  test('equals what node:crypto writes, for numbers with and without leading zeroes', () => {
    for (let i = 0; i < 600; i++) {
      const raw = sign('sha256', Buffer.of(i), { key: pair.privateKey, dsaEncoding: 'ieee-p1363' });
      expect(verify('sha256', Buffer.of(i), pair.publicKey, derSignature(raw))).toBe(true);
    }
    const raw = Buffer.alloc(64);
    raw[31] = 1;
    raw[32] = 0x80;
    expect(Buffer.from(derSignature(raw)).toString('hex')).toBe(`3026020101022100${'80'.padEnd(64, '0')}`);
    expect(Buffer.from(derSignature(Buffer.alloc(64))).toString('hex')).toBe('3006020100020100');
  });
});

describe('the path of a tile', () => {
  test.each([
    [{ level: 0, index: 0, width: 256 }, 'tile/0/000'],
    [{ level: 0, index: 273, width: 112 }, 'tile/0/273.p/112'],
    [{ level: 1, index: 1_234_067, width: 256 }, 'tile/1/x001/x234/067'],
    [{ level: 2, index: 1_000, width: 1 }, 'tile/2/x001/000.p/1'],
    [{ level: 63, index: 999_999_999_999_999, width: 255 }, 'tile/63/x999/x999/x999/x999/999.p/255'],
  ])('of %j is %s', (path, expected) => {
    expect(tilePath(path)).toBe(expected);
    expect(parseTilePath(expected)).toEqual(path);
  });

  test.each([
    '',
    'tile/0/0',
    'tile/00/000',
    'tile/64/000',
    'tile/0/x000/001',
    'tile/0/001/000',
    'tile/0/x001/x000',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/0/000.p/',
    'tile/0/000/',
    '/tile/0/000',
    'tile/0/000\n',
    'tile/-1/000',
    'tile/0/x001/x001/x001/x001/x001/000',
    'tile/entries/000',
  ])('is refused if it is %j', (bad) => {
    expect(parseTilePath(bad)).toBeUndefined();
  });
});
