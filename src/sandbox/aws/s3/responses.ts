/** The response format of S3: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
import { randomUUID } from 'node:crypto';
import { XMLBuilder } from 'fast-xml-parser';
import type { SandboxResponse } from '../../contract.ts';
import { type Fault, fault } from '../fault.ts';

const builder = new XMLBuilder({ processEntities: true });

export function errorResponse({ code, message, status }: Fault, resource: string): SandboxResponse {
  const id = randomUUID();
  const document = { Error: { Code: code, Message: message, Resource: resource, RequestId: id } };
  return {
    status,
    headers: { 'content-type': 'application/xml', 'x-amz-request-id': id },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n${String(builder.build(document))}`,
  };
}

export const success = (
  status: number,
  headers: Record<string, string> = {},
  body = '',
): SandboxResponse => ({
  status,
  headers: { 'x-amz-request-id': randomUUID(), ...headers },
  body,
});

export const accessDenied = (): Error => fault('AccessDenied', 'Access Denied', 403);
export const noSuchBucket = (): Error => fault('NoSuchBucket', 'The specified bucket does not exist', 404);
export const noSuchKey = (): Error => fault('NoSuchKey', 'The specified key does not exist.', 404);
