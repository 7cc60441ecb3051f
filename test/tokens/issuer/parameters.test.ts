/** The parameters of a form to /token that are read, and those that are refused. */
import { expect, test } from '@jest/globals';
import { readParameters } from '../../../src/tokens/issuer/parameters.ts';

const exchange = {
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subject_token: 'ey',
  subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
};
const form = (parameters: Record<string, string> | string[][]) => new URLSearchParams(parameters).toString();
const read = (parameters: Record<string, string>) => Object.fromEntries(readParameters(form(parameters)));

const refusalOf = (parameters: Record<string, string> | string[][]) => {
  try {
    readParameters(form(parameters));
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return { code, message };
  }
  return undefined;
};

test('empty parameters are absent, and unknown ones are read like others', () => {
  expect(read({ grant_type: 'client_credentials', resource: '', unknown: 'x' })).toEqual({
    grant_type: 'client_credentials',
    unknown: 'x',
  });
});

test.each([
  'actor_token',
  'actor_token_type',
  'assertion',
  'authorization_details',
  'request',
  'request_uri',
  'code',
  'refresh_token',
  'username',
  'password',
  'dpop_jkt',
  'subject_token',
  'subject_token_type',
  'requested_token_type',
])('the parameter %s of another flow is refused', (name) => {
  expect(refusalOf({ [name]: 'x' })).toEqual({
    code: 'invalid_request',
    message: `The parameter ${name} belongs to a flow that Sojourn does not support.`,
  });
});

test('a token exchange may request the types of a token that Sojourn issues', () => {
  const types = ['access_token', 'jwt'].map((name) => `urn:ietf:params:oauth:token-type:${name}`);
  for (const type of types)
    expect(read({ ...exchange, requested_token_type: type })).toEqual({
      ...exchange,
      requested_token_type: type,
    });
  const idToken = { ...exchange, subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' };
  expect(read(idToken)).toEqual(idToken);
});

test.each<[Record<string, string>, string]>([
  [{ subject_token: '' }, 'The parameter subject_token is missing.'],
  [
    { subject_token_type: '' },
    'The parameter subject_token_type must be urn:ietf:params:oauth:token-type:jwt or urn:ietf:params:oauth:token-type:id_token.',
  ],
  [
    { requested_token_type: 'urn:ietf:params:oauth:token-type:saml2' },
    'The parameter requested_token_type must be urn:ietf:params:oauth:token-type:access_token or urn:ietf:params:oauth:token-type:jwt.',
  ],
])('a token exchange with %j is refused', (change, message) => {
  expect(refusalOf({ ...exchange, ...change })).toEqual({ code: 'invalid_request', message });
});

test('a parameter that is given twice is refused; a proof with the answer of every wrong proof', () => {
  const twice = (name: string) =>
    refusalOf([
      [name, 'a'],
      [name, 'b'],
    ]);
  expect(twice('client_id')).toEqual({
    code: 'invalid_request',
    message: 'The parameter client_id is given more than once.',
  });
  expect(twice('sjs_Secret')).toEqual({
    code: 'invalid_request',
    message: 'The parameter (unreadable name) is given more than once.',
  });
  expect(twice('resource')?.code).toBe('invalid_target');
  expect(['client_assertion', 'client_assertion_type'].map((name) => twice(name)?.code)).toEqual([
    'invalid_client',
    'invalid_client',
  ]);
});

test('a form has at most 50 parameters', () => {
  const parameters = (count: number) => Array.from({ length: count }, (_, index) => [`p${index}`, 'x']);
  expect(refusalOf(parameters(50))).toBeUndefined();
  expect(refusalOf(parameters(51))).toEqual({
    code: 'invalid_request',
    message: 'The form has too many parameters.',
  });
});

test('a scope, a purpose and what the connection fixes are refused', () => {
  expect([{ scope: 'a' }, { purpose: 'read' }, { ttl: '60' }].map(refusalOf)).toEqual([
    { code: 'invalid_scope', message: 'No scope is known here.' },
    {
      code: 'invalid_request',
      message: 'The parameter purpose is not supported here: a cloud token cannot be narrowed to a purpose.',
    },
    { code: 'invalid_request', message: 'The caller cannot set the parameter ttl.' },
  ]);
});
