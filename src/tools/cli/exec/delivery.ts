/** The variables and files of a service with a preset. The server makes them from the preset; this fills in what is local. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { every } from '../../../platform/time/index.ts';
import type { Environment } from '../../../server/config/index.ts';
import { parseServiceSettings, replaceFile, type ServiceSettings } from '../../loopback/index.ts';
import { isRefusal, type Sojourn } from '../../sdk/index.ts';
import type { Terminal } from '../command.ts';
import { usageError } from '../failure.ts';

export interface Delivered {
  readonly connection: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
  readonly notes: readonly string[];
  stop(): Promise<void>;
}

/** A file has a fresh token at least this often; a service that accepts a token once needs it. */
const refreshIntervalMs = 60_000;

/** Writes the files into a folder of the connection, and rewrites them until it is stopped. */
export async function deliver(
  sojourn: Pick<Sojourn, 'token' | 'formattedCredentials'>,
  connection: string,
  purpose: string | undefined,
  parent: string,
  intervalMs = refreshIntervalMs,
): Promise<Delivered> {
  const folder = join(parent, connection);
  await mkdir(folder, { mode: 0o700 });
  const write = async (): Promise<ServiceSettings> => {
    const delivery = parseServiceSettings(
      await sojourn.formattedCredentials(connection, 'delivery', { purpose }),
    );
    for (const { name, content } of delivery.files)
      await replaceFile(join(folder, name), await fill(content));
    return delivery;
  };
  const fill = async (text: string): Promise<string> => {
    const here = text.replaceAll('{{folder}}', folder);
    if (!here.includes('{{cloud_token}}')) return here;
    const { token } = await sojourn.token(connection);
    return here.replaceAll('{{cloud_token}}', token);
  };
  const { variables, remove, notes, files } = await write();
  // During an outage the files stay as they are; after a refusal of the server no program may use them.
  const onFailure = async (error: unknown) => {
    if (isRefusal(error)) for (const { name } of files) await rm(join(folder, name), { force: true });
  };
  const filled = await Promise.all(
    Object.entries(variables).map(async ([name, text]) => [name, await fill(text)] as const),
  );
  return {
    connection,
    variables: Object.fromEntries(filled),
    remove,
    notes,
    stop: every(intervalMs, () =>
      write()
        .then(() => undefined, onFailure)
        .catch(() => undefined),
    ),
  };
}

/** Adds the variables to the environment; removes those that select another identity, and says so. */
export function withDeliveries(
  env: Environment,
  before: Environment,
  deliveries: readonly Delivered[],
  { err }: Pick<Terminal, 'err'>,
): Environment {
  const result = new Map(Object.entries(env));
  const setBy = new Map<string, string>();
  for (const [name, value] of result) if (before[name] !== value) setBy.set(name, 'another connection');
  for (const { connection, variables, remove, notes } of deliveries) {
    const removed = remove.filter((name) => !setBy.has(name) && result.delete(name));
    if (removed.length > 0)
      err(`sojourn exec removed ${removed.join(', ')} for ${connection}: each selects another identity.\n`);
    for (const [name, value] of Object.entries(variables)) {
      const other = setBy.get(name);
      if (other !== undefined)
        throw usageError(
          `${connection} and ${other} both set ${name}. Run a program for each of them, because a program has one value.`,
        );
      setBy.set(name, connection);
      result.set(name, value);
    }
    for (const note of notes) err(`${note}\n`);
  }
  return Object.fromEntries(result);
}
