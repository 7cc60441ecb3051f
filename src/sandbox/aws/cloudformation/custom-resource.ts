/**
 * Custom resources: the sandbox invokes a function for each change of the resource, and the function answers with a
 * PUT to a presigned URL (CloudFormation user guide, "Custom resource request types" and "Custom resource response
 * objects").
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isObject } from '../../jws.ts';
import type { Account } from '../accounts.ts';
import { fault } from '../fault.ts';
import { parseStatements } from '../policy/document.ts';
import {
  type CreateContext,
  type CreatedResource,
  differs,
  invalid,
  type Json,
  type ResourceType,
  text,
} from './resource-type.ts';
import { type LambdaFunction, runFunction } from './run-function.ts';

export const isCustom = (type: string): boolean =>
  /^(Custom::[\w@-]{1,60}|AWS::CloudFormation::CustomResource)$/.test(type);

/** Inline code is limited to 4 MB; its file is named index. */
const runtimes = ['nodejs20.x', 'nodejs22.x', 'nodejs24.x'];
const maxSource = 4 * 1024 * 1024;

export const lambdaFunction: ResourceType = {
  properties: [
    'Code',
    'Role',
    'Handler',
    'Runtime',
    'Timeout',
    'Description',
    'FunctionName',
    'MemorySize',
    'Tags',
  ],
  required: ['Code', 'Role'],
  requiredCapability: () => undefined,
  create(properties, { account, stackRegion, stackName, logicalId }) {
    const handler = functionOf(account, properties);
    const name = text(properties, 'FunctionName') ?? `${stackName}-${logicalId}-${randomUUID().slice(0, 12)}`;
    const arn = `arn:${account.partition}:lambda:${stackRegion}:${account.id}:function:${name}`;
    account.functions.set(arn, handler);
    return {
      physicalId: name,
      attributes: { Arn: arn },
      remove: () => void account.functions.delete(arn),
      update(changed, old) {
        if (differs(changed, old, 'FunctionName')) return undefined;
        account.functions.set(arn, functionOf(account, changed));
        return { Arn: arn };
      },
    };
  },
};

function functionOf(account: Account, properties: Json): LambdaFunction {
  const { ZipFile: source } = properties.Code as { ZipFile?: unknown };
  const [file, handler = ''] = (text(properties, 'Handler') ?? '').split('.');
  if (typeof source !== 'string' || source.length > maxSource)
    throw invalid('Code/ZipFile', 'expected inline code');
  if (!runtimes.includes(text(properties, 'Runtime') ?? ''))
    throw invalid('Runtime', 'is not a valid enum value');
  if (file !== 'index' || handler === '') throw invalid('Handler', 'inline code is index.NAME');
  const timeout = Number(text(properties, 'Timeout') ?? 3);
  if (!(timeout >= 1 && timeout <= 900)) throw invalid('Timeout', 'out of range');
  requireLambdaRole(account, text(properties, 'Role') ?? '');
  return { source, handler, timeout };
}

function requireLambdaRole(account: Account, arn: string): void {
  const role = [...account.roles.values()].find((candidate) => candidate.arn === arn);
  const trusts = parseStatements(role?.trustPolicy ?? '{"Statement":[]}').some(
    ({ effect, actions, fields }) => {
      const { Service: services = [] } = (fields.Principal ?? {}) as { Service?: string | string[] };
      return (
        effect === 'Allow' &&
        actions.includes('sts:AssumeRole') &&
        [services].flat().includes('lambda.amazonaws.com')
      );
    },
  );
  if (!trusts)
    throw fault(
      'InvalidParameterValueException',
      'The role defined for the function cannot be assumed by Lambda.',
    );
}

export const customResource: ResourceType = {
  properties: 'any',
  required: ['ServiceToken'],
  requiredCapability: () => undefined,
  async create(properties, context) {
    const seconds = Number(text(properties, 'ServiceTimeout') ?? 3600);
    if (!(seconds >= 1 && seconds <= 3600)) throw invalid('ServiceTimeout', 'out of range');
    const response = await invoke('Create', properties, context);
    const { physicalId } = response;
    return {
      physicalId,
      attributes: response.attributes,
      async remove() {
        await invoke('Delete', properties, context, { physicalId });
      },
      async update(changed, old) {
        if (differs(changed, old, 'ServiceToken')) return undefined;
        const updated = await invoke('Update', changed, context, { physicalId, old });
        if (updated.physicalId !== physicalId)
          throw fault(
            'InvalidRequest',
            'The sandbox replaces no custom resource: keep its PhysicalResourceId.',
          );
        return updated.attributes;
      },
    };
  },
};

interface Response {
  readonly Status?: string;
  readonly Reason?: string;
  readonly PhysicalResourceId?: string;
  readonly StackId?: string;
  readonly RequestId?: string;
  readonly LogicalResourceId?: string;
  readonly Data?: Readonly<Record<string, unknown>>;
}

async function invoke(
  type: 'Create' | 'Update' | 'Delete',
  properties: Json,
  { account, logicalId, stackId, resourceType }: CreateContext,
  existing?: { readonly physicalId: string; readonly old?: Json },
): Promise<Pick<CreatedResource, 'physicalId' | 'attributes'>> {
  const handler = account.functions.get(text(properties, 'ServiceToken') ?? '');
  if (!handler) throw invalid('ServiceToken', 'is not a function of this account');
  const RequestId = randomUUID();
  const inbox = await openInbox();
  try {
    await runFunction(handler, {
      RequestType: type,
      ResponseURL: inbox.url,
      StackId: stackId,
      RequestId,
      ResourceType: resourceType,
      LogicalResourceId: logicalId,
      ...(existing && { PhysicalResourceId: existing.physicalId }),
      ResourceProperties: asText(properties),
      ...(existing?.old && { OldResourceProperties: asText(existing.old) }),
    });
  } finally {
    inbox.close();
  }
  const { received } = inbox;
  if (!received)
    throw fault(
      'NotStabilized',
      'CloudFormation did not receive a response from your Custom Resource. Please check your logs for requestId. If you are using the Python cfn-response module, you may need to update your Lambda function code so that CloudFormation can attach the updated version.',
    );
  const { Status, Reason, PhysicalResourceId, Data = {} } = received;
  if (
    received.StackId !== stackId ||
    received.RequestId !== RequestId ||
    received.LogicalResourceId !== logicalId
  )
    throw fault(
      'InvalidRequest',
      'Invalid response: StackId, RequestId and LogicalResourceId must be those of the request',
    );
  if (Status !== 'SUCCESS')
    throw fault('InvalidRequest', Reason ?? 'Received response status [FAILED] from custom resource.');
  if (!PhysicalResourceId) throw fault('InvalidRequest', 'Invalid PhysicalResourceId');
  return {
    physicalId: PhysicalResourceId,
    attributes: Object.fromEntries(Object.entries(Data).map(([name, value]) => [name, String(value)])),
  };
}

/** Undefined if the body is not a JSON object, which counts as no response. */
function parseResponse(body: string): Response | undefined {
  try {
    const response: unknown = JSON.parse(body);
    return isObject(response) ? response : undefined;
  } catch {
    return undefined;
  }
}

/** CloudFormation passes numbers and booleans as strings. */
function asText(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asText);
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, asText(member)]));
}

/** The presigned URL, which accepts one PUT without a content type because its signature covers none. */
async function openInbox() {
  const path = `/${randomUUID()}`;
  let received: Response | undefined;
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const signed = request.method === 'PUT' && request.url === path && !request.headers['content-type'];
    if (signed) received = parseResponse(Buffer.concat(parts).toString());
    response.writeHead(signed ? 200 : 403).end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    get received() {
      return received;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
