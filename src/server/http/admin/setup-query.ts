/** Query parameters of the set-up files. Onboarding checks which of them apply to which cloud. */
import { z } from 'zod';
import { setupOptions } from '../../../clouds/programs/index.ts';
import type { SetupRequest } from '../../../onboarding/setup/index.ts';

const text = z.string().max(4_000, 'must be at most 4000 characters');

const listOf = (items: typeof text) =>
  items.transform((value) => value.split(',').map((item) => item.trim())).exactOptional();

const list = listOf(text);

/** A line of a request has 16 KiB at most: `--max-http-header-size` of Node.js. */
const ids = listOf(z.string().max(12_000, 'must be at most 12000 characters'));

const flag = z
  .enum(['true', 'false'], 'must be true or false')
  .transform((value) => value === 'true')
  .exactOptional();

const seconds = z
  .string()
  .regex(/^\d{1,9}$/, 'must be a whole number of seconds')
  .transform(Number)
  .exactOptional();

const json = text
  .transform((value, context): unknown => {
    try {
      return JSON.parse(value);
    } catch {
      context.issues.push({ code: 'custom', message: 'must be JSON', input: value });
      return z.NEVER;
    }
  })
  .exactOptional();

const fields = { flag, text: text.exactOptional(), seconds, list, map: json };

export const setupQuery = z.strictObject({
  permissions: list.describe('Names of permission sets from `setup.permissions`, separated by commas.'),
  additional_connections: ids.describe(
    'Ids of further connections of the same tenant and cloud that the same files set up, separated by commas.',
  ),
  ...Object.fromEntries(
    Object.entries(setupOptions).map(([name, { type, description }]) => [
      name,
      fields[type].describe(description),
    ]),
  ),
});

/** The same parameters as a query string, for the links to single files. */
export const searchOf = (request: SetupRequest): string => {
  const search = new URLSearchParams(
    Object.entries(request).map(([name, value]): [string, string] => [
      name,
      Array.isArray(value)
        ? value.join(',')
        : typeof value === 'object'
          ? JSON.stringify(value)
          : String(value),
    ]),
  ).toString();
  return search && `?${search}`;
};
