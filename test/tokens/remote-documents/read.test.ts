import { expect, test } from '@jest/globals';
import { type Fetched, readDocument } from '../../../src/tokens/remote-documents/index.ts';

const url = 'https://id.example.com/jwks';
const json = { 'content-type': 'application/json' };
const answered = (status: number, headers: Record<string, string>, body: string, ms = 20): Fetched => ({
  url,
  ms,
  answer: { status, headers, body },
});

test.each<[string, Fetched, ReturnType<typeof readDocument>]>([
  ['an object', answered(200, json, '{"keys":[]}'), { document: { keys: [] }, faults: [] }],
  [
    'an object with parameters in the media type',
    answered(200, { 'content-type': 'application/json; charset=utf-8' }, '{}'),
    { document: {}, faults: [] },
  ],
  [
    'an object of the registered media type of a JWKS',
    answered(200, { 'content-type': 'application/jwk-set+json' }, '{"keys":[]}'),
    { document: { keys: [] }, faults: [] },
  ],
  [
    'an object of a media type that only begins like it',
    answered(200, { 'content-type': 'application/jwk-set+jsonp' }, '{}'),
    { document: {}, faults: [{ type: 'content_type', contentType: 'application/jwk-set+jsonp' }] },
  ],
  [
    'no answer',
    { url, ms: 5, fault: { reason: 'id.example.com could not be reached.', code: 'ECONNREFUSED' } },
    { faults: [{ type: 'no_answer', reason: 'id.example.com could not be reached.', code: 'ECONNREFUSED' }] },
  ],
  [
    'an answer after five seconds',
    answered(200, json, '{}', 5_000),
    { document: {}, faults: [{ type: 'slow', ms: 5_000 }] },
  ],
  [
    'a redirect',
    answered(302, { location: 'https://other.example' }, ''),
    { faults: [{ type: 'status', status: 302, location: 'https://other.example' }] },
  ],
  [
    'another media type',
    answered(200, { 'content-type': 'text/html' }, '{}'),
    { document: {}, faults: [{ type: 'content_type', contentType: 'text/html' }] },
  ],
  ['an array', answered(200, json, '[]'), { faults: [{ type: 'no_object' }] }],
  ['text', answered(200, json, 'not JSON'), { faults: [{ type: 'no_object' }] }],
])('a response that is %s is read with these faults', (_, fetched, expected) => {
  expect(readDocument(fetched)).toEqual(expected);
});
