/** The vendor's own AWS account in the sandbox: a role for the server, and a publicly readable bucket. */
import * as aws from '../../../src/sandbox/demo/customer/aws.ts';
import { call } from '../../../src/sandbox/demo/http.ts';
import type { TestConnection } from '../../support/server.ts';
import type { PublishingBench } from './bench.ts';

export const bucketName = 'id-example-com';
export const region = 'us-east-1';
const role = 'publisher';

const signedBy = (account: string, service: string) => ({
  authorization: `AWS4-HMAC-SHA256 Credential=${account}/20260101/${region}/${service}/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`,
  'x-amz-date': '20260101T000000Z',
});

export const onS3 = (sandbox: string, method: string, path: string, body?: object) =>
  call({
    method,
    url: `${sandbox}/aws/s3/${path}`,
    headers: signedBy(aws.account, 's3'),
    ...(body === undefined ? {} : { body }),
  });

const statement = (fields: object) => ({ Version: '2012-10-17', Statement: [fields] });

/** Allows the role to put objects into the bucket; with another bucket's name, revokes that permission. */
export async function allowPuts(sandbox: string, bucket = bucketName): Promise<void> {
  const { status, body } = await call({
    method: 'POST',
    url: `${sandbox}/aws/`,
    headers: signedBy(aws.account, 'iam'),
    body: new URLSearchParams({
      Version: '2010-05-08',
      Action: 'PutRolePolicy',
      RoleName: role,
      PolicyName: 'publish',
      PolicyDocument: JSON.stringify(
        statement({
          Effect: 'Allow',
          Action: 's3:PutObject',
          Resource: `arn:aws:s3:::${bucket}/*`,
        }),
      ),
    }),
  });
  if (status !== 200) throw new Error(body);
}

export async function createBucket(sandbox: string): Promise<void> {
  await onS3(sandbox, 'PUT', bucketName);
  const policy = {
    Effect: 'Allow',
    Principal: '*',
    Action: 's3:GetObject',
    Resource: `arn:aws:s3:::${bucketName}/*`,
  };
  await onS3(sandbox, 'PUT', `${bucketName}?policy`, statement(policy));
}

/** A connection to that account, set up with its own template. */
export async function connectPublisher({ server, sandbox }: PublishingBench): Promise<TestConnection> {
  const { admin } = server;
  const tenant = (await admin.post<{ id: string }>('/tenants', { name: 'Ourselves' })).id;
  const connection = await admin.post<TestConnection>('/connections', {
    name: 'publisher',
    tenant,
    cloud: 'aws',
    target: { region },
  });
  const template = JSON.parse(await admin.file(`/connections/${connection.id}/setup/cloudformation.json`));
  template.Resources.Role.Properties.RoleName = role;
  const outputs = await aws.applyTemplate(`${sandbox.origin}/aws`, JSON.stringify(template));
  return admin.patch(`/connections/${connection.id}`, { target: { role_arn: outputs.RoleArn } });
}
