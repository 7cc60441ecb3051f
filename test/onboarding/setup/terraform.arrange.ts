/**
 * A Terraform file without its providers: read by HashiCorp's own parser, and what its few expressions give. Whoever applies
 * it turns each resource into the calls that the provider would make.
 */
import { parse } from '@cdktn/hcl2json';
import { inTemporaryDirectory } from './arrange.ts';
import { type Ran, runProgram } from './aws.arrange.ts';

type Body = Readonly<Record<string, unknown>>;

export interface TerraformFile {
  /** The one body of a resource, as it is written. */
  readonly resource: (type: string, label?: string) => Body;
  readonly labels: (type: string) => readonly string[];
  readonly outputs: Readonly<Record<string, Body>>;
  /** What a value is where these names are known, beside the variables. */
  readonly value: (written: unknown, known?: Body) => unknown;
}

interface Parsed {
  readonly variable?: Readonly<Record<string, readonly [Body]>>;
  readonly resource?: Readonly<Record<string, Readonly<Record<string, readonly [Body]>>>>;
  readonly output?: Readonly<Record<string, readonly [Body]>>;
}

export async function readTerraform(source: string, given: Body = {}): Promise<TerraformFile> {
  const { variable = {}, resource = {}, output = {} } = (await parse('main.tf', source)) as Parsed;
  const vars = {
    ...Object.fromEntries(Object.entries(variable).map(([name, [body]]) => [name, data(body.default)])),
    ...given,
  };
  return {
    labels: (type) => Object.keys(resource[type] ?? {}),
    resource: (type, label = 'this') => {
      const found = resource[type]?.[label]?.[0];
      if (!found) throw new Error(`no resource ${type}.${label}`);
      return found;
    },
    outputs: Object.fromEntries(Object.entries(output).map(([name, [body]]) => [name, body])),
    value: (written, known = {}) => evaluated(written, { vars, ...known }),
  };
}

function evaluated(written: unknown, scope: Body): unknown {
  if (Array.isArray(written)) return written.map((item) => evaluated(item, scope));
  if (typeof written === 'object' && written !== null)
    return Object.fromEntries(Object.entries(written).map(([name, item]) => [name, evaluated(item, scope)]));
  if (typeof written !== 'string' || !/^\$\{[\s\S]*\}$/.test(written)) return data(written);
  // What our files have of expressions is JavaScript, but for `var` and the `=` of an object.
  const expression = written
    .slice(2, -1)
    .replace(/\bvar\./g, 'vars.')
    .replace(/("\w+") += /g, '$1: ')
    .replace(/(?<=[^,{])\n(?=\s*")/g, ',\n');
  const names = { join: (by: string, items: string[]) => items.join(by), toset: (items: unknown) => items };
  const all = { ...names, jsonencode: (value: unknown) => JSON.stringify(value), ...scope };
  return new Function(...Object.keys(all), `return (${expression});`)(...Object.values(all)) as unknown;
}

/** Runs the provisioner of the report as Terraform would: the interpreter, the command, the environment. */
export async function reportOf(source: string, known: Body): Promise<Ran> {
  const { resource, value } = await readTerraform(source);
  const provisioners = resource('terraform_data', 'report').provisioner as {
    readonly 'local-exec': readonly Body[];
  };
  const { interpreter, command, environment } = provisioners['local-exec'][0] ?? {};
  const [shell = '', ...args] = value(interpreter) as string[];
  const env = value(environment, known) as Record<string, string>;
  return inTemporaryDirectory((cwd) => runProgram(shell, [...args, String(value(command))], { cwd, env }));
}

/** A literal: the parser doubles the sign of what would else be an expression. */
function data(written: unknown): unknown {
  if (Array.isArray(written)) return written.map(data);
  return typeof written === 'string' ? written.replaceAll('$${', '${').replaceAll('%%{', '%{') : written;
}
