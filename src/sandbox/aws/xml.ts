/** Responses of the Query protocol: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html */
import { randomUUID } from 'node:crypto';
import { XMLBuilder } from 'fast-xml-parser';
import type { SandboxResponse } from '../contract.ts';
import type { Fault } from './fault.ts';

/** Lists become `member` elements; undefined members are omitted. */
export type XmlValue =
  | string
  | number
  | boolean
  | undefined
  | readonly XmlValue[]
  | { readonly [name: string]: XmlValue };

const builder = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: '@', processEntities: true });

/** Characters that XML 1.0 section 2.2 does not allow, even escaped. */
const forbidden = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

function shape(value: XmlValue): unknown {
  if (Array.isArray(value)) return value.length === 0 ? '' : { member: value.map(shape) };
  if (typeof value !== 'object') return String(value).replace(forbidden, '\uFFFD');
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, shape(member)]));
}

/** `result` undefined: the response has metadata only. */
export function success(namespace: string, action: string, result: XmlValue): SandboxResponse {
  const requestId = randomUUID();
  return answer(200, requestId, {
    [`${action}Response`]: {
      '@xmlns': namespace,
      ...(result === undefined ? {} : { [`${action}Result`]: shape(result) }),
      ResponseMetadata: { RequestId: requestId },
    },
  });
}

export function failure(namespace: string, { code, message, status }: Fault): SandboxResponse {
  const requestId = randomUUID();
  return answer(status, requestId, {
    ErrorResponse: {
      '@xmlns': namespace,
      Error: {
        Type: status < 500 ? 'Sender' : 'Receiver',
        Code: shape(code),
        Message: shape(message),
      },
      RequestId: requestId,
    },
  });
}

function answer(status: number, requestId: string, document: unknown): SandboxResponse {
  return {
    status,
    headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
    body: builder.build(document),
  };
}
