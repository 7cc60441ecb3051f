/** The sandbox's AWS with a test issuer and a role that trusts it, at a fixed time. */
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CreateOpenIDConnectProviderCommand, CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { STSClient } from '@aws-sdk/client-sts';
import { XMLParser } from 'fast-xml-parser';
import { awsCloud } from '../../src/sandbox/aws/index.ts';
import { startSandbox } from '../../src/sandbox/index.ts';
import { startTestIssuer, type TestIssuer } from './test-issuer.ts';

export const account = '123456789012';
/** 2026-09-21T14:13:20Z, in seconds. */
export const sandboxTime = 1_790_000_000;

/** Status and error of a response; code and message are undefined on success. */
export interface CallOutcome {
  readonly status: number;
  readonly code: string | undefined;
  readonly message: string | undefined;
}

export interface AwsSandbox {
  readonly origin: string;
  readonly issuer: TestIssuer;
  /** The issuer without its scheme: the prefix of condition keys. */
  readonly prefix: string;
  readonly iam: IAMClient;
  readonly sts: STSClient;
  readonly cloudFormation: CloudFormationClient;
  readonly providerArn: string;
  readonly roleArn: string;
  /** Claims that the role admits. */
  claims(patch?: Record<string, unknown>): Record<string, unknown>;
  /** AssumeRoleWithWebIdentity over plain HTTP. */
  assume(token: string, params?: Record<string, string>): Promise<CallOutcome & { readonly body: string }>;
  createRole(name: string, trust: unknown, more?: { MaxSessionDuration?: number }): Promise<string>;
  control(method: string, path: string, body?: unknown): Promise<unknown>;
  close(): Promise<void>;
}

/** Trusts the provider with an exact audience and subject, and allows tags and source identity. */
export const trustOf = (providerArn: string, prefix: string, condition?: unknown) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Federated: providerArn },
      Action: ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession', 'sts:SetSourceIdentity'],
      Condition: condition ?? {
        StringEquals: { [`${prefix}:aud`]: 'client-a', [`${prefix}:sub`]: 'con_1' },
      },
    },
  ],
});

/** A CloudFormation client with the rights of the account's administrator. */
export const cloudFormationOf = (origin: string, administrator: string) =>
  new CloudFormationClient({
    endpoint: `${origin}/aws`,
    region: 'us-east-1',
    credentials: { accessKeyId: administrator, secretAccessKey: 'any' },
    maxAttempts: 1,
  });

export async function startAwsSandbox(): Promise<AwsSandbox> {
  const sandbox = await startSandbox({
    listen: { host: '127.0.0.1', port: 0 },
    now: () => sandboxTime * 1000,
    clouds: [awsCloud],
  });
  const issuer = await startTestIssuer({ path: '/t/1' });
  issuer.headers = { 'cache-control': 'no-cache' };
  const settings = {
    endpoint: `${sandbox.origin}/aws`,
    region: 'eu-central-1',
    credentials: { accessKeyId: account, secretAccessKey: 'any' },
    maxAttempts: 1,
  };
  const iam = new IAMClient(settings);
  const prefix = issuer.issuer.replace('http://', '');
  const provider = await iam.send(
    new CreateOpenIDConnectProviderCommand({ Url: issuer.issuer, ClientIDList: ['client-a', 'client-b'] }),
  );
  const providerArn = provider.OpenIDConnectProviderArn ?? '';
  const createRole: AwsSandbox['createRole'] = async (RoleName, trust, more = {}) => {
    const AssumeRolePolicyDocument = JSON.stringify(trust);
    const { Role } = await iam.send(
      new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument, MaxSessionDuration: 7200, ...more }),
    );
    return Role?.Arn ?? '';
  };
  const anySubject = { StringEquals: { [`${prefix}:aud`]: ['client-a', 'client-b'] } };
  const roleArn = await createRole('partner', trustOf(providerArn, prefix, anySubject));
  return {
    origin: sandbox.origin,
    issuer,
    prefix,
    iam,
    sts: new STSClient(settings),
    cloudFormation: new CloudFormationClient(settings),
    providerArn,
    roleArn,
    createRole,
    claims: (patch = {}) => ({
      iss: issuer.issuer,
      aud: 'client-a',
      sub: 'con_1',
      iat: sandboxTime - 10,
      exp: sandboxTime + 900,
      ...patch,
    }),
    assume: (WebIdentityToken, params = {}) =>
      query(sandbox.origin, {
        Action: 'AssumeRoleWithWebIdentity',
        Version: '2011-06-15',
        RoleArn: roleArn,
        RoleSessionName: 'test-session',
        WebIdentityToken,
        ...params,
      }),
    async control(method, path, body) {
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const answer = await fetch(`${sandbox.origin}/sandbox${path}`, { method, ...sent });
      return answer.json();
    },
    async close() {
      await sandbox.close();
      await issuer.close();
    },
  };
}

const parser = new XMLParser({ parseTagValue: false, trimValues: false });

interface ErrorDocument {
  readonly ErrorResponse?: { readonly Error: { readonly Code: string; readonly Message: string } };
}

/** One Query call over plain HTTP. */
export async function query(
  origin: string,
  params: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<CallOutcome & { readonly body: string }> {
  const answer = await fetch(`${origin}/aws`, { method: 'POST', headers, body: new URLSearchParams(params) });
  const body = await answer.text();
  const error = (parser.parse(body) as ErrorDocument).ErrorResponse?.Error;
  return { status: answer.status, code: error?.Code, message: error?.Message, body };
}

/** The error of an SDK call; throws if the call succeeds. */
export async function refusal(call: Promise<unknown>): Promise<CallOutcome> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason as { name: string; message: string; $metadata: { httpStatusCode: number } },
  );
  if (!error) throw new Error('the call succeeded');
  return { status: error.$metadata.httpStatusCode, code: error.name, message: error.message };
}
