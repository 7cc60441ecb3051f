import {
  AddClientIDToOpenIDConnectProviderCommand,
  CreateOpenIDConnectProviderCommand,
  type CreateOpenIDConnectProviderCommandInput,
  DeleteOpenIDConnectProviderCommand,
  GetOpenIDConnectProviderCommand,
  ListOpenIDConnectProvidersCommand,
  RemoveClientIDFromOpenIDConnectProviderCommand,
  UpdateOpenIDConnectProviderThumbprintCommand,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type AwsSandbox,
  account,
  query,
  refusal,
  sandboxTime,
  startAwsSandbox,
} from '../support/aws-sandbox.ts';

let aws: AwsSandbox;
beforeAll(async () => {
  aws = await startAwsSandbox();
});
afterAll(() => aws.close());

const arnOf = (url: string) => `arn:aws:iam::${account}:oidc-provider/${url}`;

const create = (input: CreateOpenIDConnectProviderCommandInput) =>
  aws.iam.send(new CreateOpenIDConnectProviderCommand({ ThumbprintList: ['b'.repeat(40)], ...input }));

async function get(OpenIDConnectProviderArn: string) {
  const answer = await aws.iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }));
  const { $metadata: _metadata, ...provider } = answer;
  return provider;
}

describe('an OIDC provider of the sandbox', () => {
  test('keeps its URL, drops duplicate client ids and stores thumbprints in lower case', async () => {
    const created = await create({
      Url: 'https://id.example.com/path/',
      ClientIDList: ['z-client', 'a-client', 'z-client'],
      ThumbprintList: ['A'.repeat(40), 'a'.repeat(40)],
      Tags: [{ Key: 'name', Value: '<&>' }],
    });
    expect(created.OpenIDConnectProviderArn).toBe(arnOf('id.example.com/path/'));
    expect(created.Tags).toEqual([{ Key: 'name', Value: '<&>' }]);
    expect(await get(arnOf('id.example.com/path/'))).toEqual({
      Url: 'id.example.com/path/',
      ClientIDList: ['z-client', 'a-client'],
      ThumbprintList: ['a'.repeat(40), 'a'.repeat(40)],
      CreateDate: new Date(sandboxTime * 1000),
      Tags: [{ Key: 'name', Value: '<&>' }],
    });
  });

  test.each([
    ['is another provider without the trailing slash', 'https://id.example.com/path', 'id.example.com/path'],
    ['is the same provider without port 443', 'https://port.example.com:443', 'port.example.com'],
    ['keeps upper case in its URL', 'https://ID.EXAMPLE.COM/MixedCase', 'ID.EXAMPLE.COM/MixedCase'],
  ])('%s', async (_title, Url, url) => {
    expect((await create({ Url })).OpenIDConnectProviderArn).toBe(arnOf(url));
  });

  test('accepts a thumbprint that is not hexadecimal', async () => {
    const created = await create({ Url: 'https://nonhex.example.com', ThumbprintList: ['g'.repeat(40)] });
    expect((await get(created.OpenIDConnectProviderArn ?? '')).ThumbprintList).toEqual(['g'.repeat(40)]);
  });

  const wrongUrl = { status: 400, code: 'ValidationError', message: 'Invalid Open ID Connect Provider URL' };
  test.each([
    ['with a query', { Url: 'https://q.example.com/?q=value' }, 400, 'InvalidInputException', 'Unknown'],
    ['with a fragment', { Url: 'https://q.example.com/#fragment' }, 400, 'InvalidInputException', 'Unknown'],
    ['over http', { Url: 'http://id.example.com' }, 400, wrongUrl.code, wrongUrl.message],
    ['on another port', { Url: 'https://id.example.com:8443' }, 400, wrongUrl.code, wrongUrl.message],
    [
      'with six thumbprints',
      { Url: 'https://six.example.com', ThumbprintList: Array(6).fill('b'.repeat(40)) },
      400,
      'InvalidInputException',
      'Thumbprint list must contain fewer than 5 entries.',
    ],
    [
      'with a thumbprint of 39 characters',
      { Url: 'https://short.example.com', ThumbprintList: ['b'.repeat(39)] },
      400,
      'ValidationError',
      `1 validation error detected: Value '[${'b'.repeat(39)}]' at 'thumbprintList' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 40, Member must have length greater than or equal to 40]`,
    ],
    [
      'with a URL of 256 characters',
      { Url: `https://${'a'.repeat(248)}` },
      400,
      'ValidationError',
      `1 validation error detected: Value 'https://${'a'.repeat(248)}' at 'url' failed to satisfy constraint: Member must have length less than or equal to 255`,
    ],
    [
      'a second time',
      { Url: 'https://id.example.com/path/' },
      409,
      'EntityAlreadyExistsException',
      'Provider with url https://id.example.com/path/ already exists.',
    ],
    [
      'with 101 client ids',
      { Url: 'https://many.example.com', ClientIDList: Array.from({ length: 101 }, (_, n) => `c${n}`) },
      409,
      'LimitExceededException',
      'Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100',
    ],
    [
      'without a thumbprint if the issuer does not answer',
      { Url: 'https://127.0.0.1:9/nobody', ThumbprintList: [] },
      400,
      'OpenIdIdpCommunicationErrorException',
      'Please check .well-known/openid-configuration of provider: https://127.0.0.1:9/nobody is valid.',
    ],
  ])('is not created %s', async (_title, input, status, code, message) => {
    expect(await refusal(create(input as CreateOpenIDConnectProviderCommandInput))).toEqual({
      status,
      code,
      message,
    });
  });

  test('accepts client ids and thumbprints after its creation', async () => {
    const OpenIDConnectProviderArn = arnOf('id.example.com/path/');
    const target = { OpenIDConnectProviderArn };
    await aws.iam.send(new AddClientIDToOpenIDConnectProviderCommand({ ...target, ClientID: 'a-client' }));
    await aws.iam.send(new AddClientIDToOpenIDConnectProviderCommand({ ...target, ClientID: 'new' }));
    await aws.iam.send(new RemoveClientIDFromOpenIDConnectProviderCommand({ ...target, ClientID: 'absent' }));
    await aws.iam.send(
      new RemoveClientIDFromOpenIDConnectProviderCommand({ ...target, ClientID: 'z-client' }),
    );
    await aws.iam.send(
      new UpdateOpenIDConnectProviderThumbprintCommand({ ...target, ThumbprintList: ['C'.repeat(40)] }),
    );
    const { ClientIDList, ThumbprintList } = await get(OpenIDConnectProviderArn);
    expect({ ClientIDList, ThumbprintList }).toEqual({
      ClientIDList: ['a-client', 'new'],
      ThumbprintList: ['c'.repeat(40)],
    });
    const empty = new UpdateOpenIDConnectProviderThumbprintCommand({ ...target, ThumbprintList: [] });
    expect(await refusal(aws.iam.send(empty))).toEqual({
      status: 400,
      code: 'InvalidInputException',
      message: 'Thumbprint list must contain at least one entry.',
    });
  });

  test('is listed until it is deleted', async () => {
    const target = { OpenIDConnectProviderArn: arnOf('id.example.com/path/') };
    const list = async () => {
      const { OpenIDConnectProviderList } = await aws.iam.send(new ListOpenIDConnectProvidersCommand({}));
      return OpenIDConnectProviderList?.map(({ Arn }) => Arn);
    };
    expect(await list()).toContain(target.OpenIDConnectProviderArn);
    await aws.iam.send(new DeleteOpenIDConnectProviderCommand(target));
    expect(await list()).not.toContain(target.OpenIDConnectProviderArn);
    expect(await refusal(aws.iam.send(new DeleteOpenIDConnectProviderCommand(target)))).toEqual({
      status: 404,
      code: 'NoSuchEntityException',
      message: `OpenId connect Provider ${target.OpenIDConnectProviderArn} cannot be found.`,
    });
    expect(await refusal(get(target.OpenIDConnectProviderArn))).toEqual({
      status: 404,
      code: 'NoSuchEntityException',
      message: `OpenIDConnect Provider not found for arn ${target.OpenIDConnectProviderArn}`,
    });
  });
});

describe('the Query interface', () => {
  const list = { Action: 'ListOpenIDConnectProviders', Version: '2010-05-08' };
  const signed = (credential: string) => ({
    authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`,
  });
  const scope = '20260921/us-east-1/iam/aws4_request';

  test.each([
    ['without a signature', {}, 403, 'MissingAuthenticationToken', 'Request is missing Authentication Token'],
    [
      'with a signature in another format',
      { authorization: 'Bearer abc' },
      400,
      'IncompleteSignature',
      'Authorization header does not have the form of AWS4-HMAC-SHA256.',
    ],
    [
      'with an access key id that is not an account',
      signed(`AKIAIOSFODNN7EXAMPLE/${scope}`),
      403,
      'InvalidClientTokenId',
      'The security token included in the request is invalid.',
    ],
  ])('refuses a call %s', async (_title, headers, status, code, message) => {
    const { body: _body, ...outcome } = await query(aws.origin, list, headers as Record<string, string>);
    expect(outcome).toEqual({ status, code, message });
  });

  test.each(['NoSuchAction', 'constructor', '__proto__', ''])('rejects the action "%s"', async (Action) => {
    const headers = signed(`${account}/${scope}`);
    const { body: _body, ...outcome } = await query(aws.origin, { ...list, Action }, headers);
    expect(outcome).toEqual({
      status: 400,
      code: 'InvalidAction',
      message: `Could not find operation ${Action} for version 2010-05-08`,
    });
  });

  test('answers with XML in the namespace of the service', async () => {
    const { body } = await query(aws.origin, list);
    expect(body).toMatch(
      /^<ErrorResponse xmlns="https:\/\/iam\.amazonaws\.com\/doc\/2010-05-08\/"><Error><Type>Sender<\/Type><Code>MissingAuthenticationToken<\/Code><Message>Request is missing Authentication Token<\/Message><\/Error><RequestId>[0-9a-f-]{36}<\/RequestId><\/ErrorResponse>$/,
    );
  });

  test('separates accounts', async () => {
    const other = await query(aws.origin, list, signed(`210987654321/${scope}`));
    expect(other.body).toContain('<OpenIDConnectProviderList></OpenIDConnectProviderList>');
  });
});
