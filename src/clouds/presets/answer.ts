/** Reads the answer of a service: JSON or XML, at the paths of the dialect. */
import { XMLParser } from 'fast-xml-parser';
import { z } from 'zod';
import type { OutboundResponse } from '../../platform/outbound/index.ts';
import type { Credentials } from '../contract/index.ts';
import type { CloudResponse } from '../explanation.ts';
import { parseResponse, refusalHead } from '../request.ts';
import type { AnswerPaths } from './dialects.ts';
import type { Preset } from './preset.ts';

/** Longer than any token that was seen; a secret in a header must have no other characters. */
const secret = z.string().regex(/^[\x21-\x7e]{1,16000}$/);

/** Of a year; a longer life is no short-lived credential. */
const seconds = z.number().positive().max(31_536_000);
const instant = z.string().refine((text) => !Number.isNaN(Date.parse(text)));

/** The parser holds the event loop: 256 KB take up to 0.35 s. An answer of AssumeRoleWithWebIdentity has less than 8 KB. */
const maxXmlLength = 16 * 1024;

const xml = new XMLParser({ ignoreAttributes: true, parseTagValue: false });

export function parseAnswer(format: AnswerPaths['format'], body: string): unknown {
  try {
    if (format === 'json') return JSON.parse(body);
    // A document type could define entities.
    return body.length > maxXmlLength || /<!DOCTYPE|<!ENTITY/i.test(body) ? undefined : xml.parse(body);
  } catch {
    return undefined;
  }
}

/** The value at a path such as `auth.client_token`; undefined if there is none. */
export const valueAt = (document: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>(
      (value, name) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, name)
          ? (value as Readonly<Record<string, unknown>>)[name]
          : undefined,
      document,
    );

/** @throws {SojournError} `cloud_answer_unknown`, which names the invalid fields only */
export function readCredentials(
  paths: AnswerPaths,
  document: unknown,
  { host, requestedAt }: { readonly host: string; readonly requestedAt: number },
): Credentials {
  const { expires, credentials } = paths;
  const read = <T>(schema: z.ZodType<T>, path: string): T =>
    parseResponse(z.object({ [path]: schema }), { [path]: valueAt(document, path) }, host)[path] as T;
  if ('token' in credentials) {
    const type = valueAt(document, 'token_type');
    if (credentials.token === 'access_token' && type !== undefined)
      parseResponse(z.object({ token_type: z.string().regex(/^bearer$/i) }), { token_type: type }, host);
    return {
      credentials: { access_token: read(secret, credentials.token), token_type: 'Bearer' },
      expiresAt: expiry(),
    };
  }
  return {
    credentials: {
      access_key_id: read(secret, credentials.access_key_id),
      secret_access_key: read(secret, credentials.secret_access_key),
      session_token: read(secret, credentials.session_token),
    },
    expiresAt: expiry(),
  };

  function expiry(): number {
    return expires.in === 'seconds'
      ? requestedAt + read(seconds, expires.path) * 1000
      : Date.parse(read(instant, expires.path));
  }
}

/** The code and message of an error answer; both are empty if the answer has none. */
export function errorIn(
  { errors: { code, message } }: Pick<Preset, 'errors'>,
  document: unknown,
): Pick<CloudResponse, 'code' | 'message'> {
  const textAt = (paths: string | readonly string[] = []): string => {
    const value = [paths]
      .flat()
      .map((path) => valueAt(document, path))
      .find((found) => found !== undefined);
    return [value]
      .flat()
      .filter((item) => typeof item === 'string' || typeof item === 'number')
      .join('; ');
  };
  return { code: textAt(code), message: textAt(message) };
}

export const responseOf = (
  preset: Pick<Preset, 'errors'>,
  answer: OutboundResponse,
  document: unknown,
): CloudResponse => ({ ...refusalHead(answer), ...errorIn(preset, document), step: '' });
