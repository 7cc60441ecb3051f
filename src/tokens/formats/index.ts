/**
 * The formats of credentials. Owns: the format `json`, and the text of the formats that each cloud defines. Does not own:
 * fetching the credentials (exchange). The public listener uses it to format the exchanged credentials.
 */

import type { Connection } from '../../access/connections/index.ts';
import type { Credentials } from '../../clouds/index.ts';
import { type Format, programs, programsOf, sharedFormats } from '../../clouds/programs/index.ts';
import { invalidRequest } from '../../platform/errors/index.ts';
import { type Now, toTimestamp } from '../../platform/time/index.ts';

export interface FormattedCredentials {
  readonly mediaType: string;
  readonly body: string;
}

/** `delivery` has the variables and files of a preset, for `sojourn exec`. `json`, which every cloud has, then those of each cloud. */
export const credentialsFormats: readonly string[] = [
  ...new Set([
    'json',
    ...Object.values(programs).flatMap(({ formats }) => Object.keys(formats)),
    ...Object.keys(sharedFormats),
    'delivery',
  ]),
];

/** The members of a connection that a format contains. */
type ConnectionInfo = Pick<Connection, 'id' | 'cloud'>;

/** A format that fits the cloud of the connection. */
export type CredentialsFormat = (
  connection: ConnectionInfo,
  issued: Credentials,
  now: Now,
  purpose?: string | null,
) => FormattedCredentials;

/**
 * Throws `invalid_request` if the format is unknown or for another cloud.
 *
 * @param formatsOfTarget those that the target decides, which only the server knows
 */
export function requireFormat(
  name: string,
  { cloud }: Pick<ConnectionInfo, 'cloud'>,
  formatsOfTarget: Readonly<Record<string, Format>> = {},
): CredentialsFormat {
  if (!credentialsFormats.includes(name))
    throw invalidFormat(`must be one of ${credentialsFormats.join(', ')}`);
  if (name === 'json') return wholeResponse;
  const own = programsOf(cloud)?.formats ?? { ...sharedFormats, ...formatsOfTarget };
  const format = Object.hasOwn(own, name) ? own[name] : undefined;
  if (!format) throw invalidFormat(`cannot be ${name} for a connection to ${cloud}`);
  return (_, issued, now) => {
    const members = format(issued, now);
    return name === 'env' ? shellText(members) : json(members);
  };
}

const invalidFormat = (message: string) => invalidRequest([{ path: 'format', message }]);

const wholeResponse: CredentialsFormat = ({ id, cloud }, { expiresAt, credentials }, _, purpose = null) =>
  json({
    connection: id,
    cloud,
    // Included, because a caller with a single purpose may omit it.
    ...(purpose === null ? {} : { purpose }),
    expires_at: toTimestamp(expiresAt),
    credentials,
  });

const json = (value: unknown): FormattedCredentials => ({
  mediaType: 'application/json',
  body: JSON.stringify(value),
});

const shellText = (variables: Readonly<Record<string, unknown>>): FormattedCredentials => ({
  mediaType: 'text/plain; charset=utf-8',
  body: Object.entries(variables)
    .map(([name, value]) => `export ${name}=${shellQuote(String(value))}\n`)
    .join(''),
});

/** In POSIX single quotes, a shell interprets no character. */
const shellQuote = (value: string): string => `'${value.replaceAll("'", "'\\''")}'`;
