/** Reads a policy file, YAML or JSON. Reports all errors together, each with its line. */

import { type PolicyFile, policyFile, policyFileFaults } from '../../access/policy/index.ts';
import { type Fault, SojournError } from '../../platform/errors/index.ts';
import { validate } from '../../platform/validation/index.ts';
import { readYamlFile } from '../../server/config/index.ts';

/** @throws {SojournError} `config_invalid` */
export async function readPolicyFile(file: string): Promise<PolicyFile> {
  const { raw, lineOf } = await readYamlFile(file);
  const { value, faults: schemaFaults } = validate(policyFile, raw);
  const faults = value ? policyFileFaults(value) : schemaFaults;
  if (value && faults.length === 0) return value;
  throw invalidFile(
    faults.map(({ path, message }) => ({ path: `${locationOf(path, lineOf, file)} ${path}`, message })),
  );
}

/** The line of the value, or of its closest parent if the value is missing. */
function locationOf(path: string, lineOf: (path: string[]) => string | undefined, file: string): string {
  for (let parts = path.split('.'); parts.length > 0; parts = parts.slice(0, -1)) {
    const line = lineOf(parts);
    if (line) return line;
  }
  return file;
}

const invalidFile = (faults: readonly Fault[]) =>
  new SojournError('config_invalid', {
    detail: faults.map(({ path, message }) => `${path}: ${message}`).join('; '),
    faults,
  });
