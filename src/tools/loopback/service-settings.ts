/** The files and variables of a service with a preset (`format=delivery`), as the server sends them. */
import { fileNames, nameFault, variableNames } from '../../clouds/programs/index.ts';
import { SojournError } from '../../platform/errors/index.ts';

/** The texts contain `{{folder}}` and `{{cloud_token}}`. */
export interface ServiceSettings {
  readonly expires_at: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly files: readonly { readonly name: string; readonly content: string }[];
  /** Variables that select another identity. */
  readonly remove: readonly string[];
  readonly notes: readonly string[];
  readonly single_use: boolean;
}

/**
 * A hostile server must not reach files outside the folder, nor run code through a variable.
 * @throws {SojournError} `service_settings_unsafe` with every name that this machine does not accept
 */
export function parseServiceSettings(text: string): ServiceSettings {
  const settings = JSON.parse(text) as ServiceSettings;
  const { variables, files, remove, notes } = settings;
  const faults = [
    ...files.map(({ name }) => faultOf('file', name, nameFault(fileNames, name))),
    ...[...Object.keys(variables), ...remove].map((name) =>
      faultOf('variable', name, nameFault(variableNames, name)),
    ),
  ].filter((fault) => fault !== undefined);
  if (faults.length > 0)
    throw new SojournError('service_settings_unsafe', { detail: `${faults.slice(0, 5).join('; ')}.` });
  return { ...settings, notes: notes.map((note) => note.replace(/\p{Cc}+/gu, ' ')) };
}

/** JSON escapes control characters, which could change a terminal. */
const faultOf = (what: string, name: string, fault: string | undefined): string | undefined =>
  fault && `The name of the ${what} ${JSON.stringify(name).slice(0, 80)} ${fault}`;
