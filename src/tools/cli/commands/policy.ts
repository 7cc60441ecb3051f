/** `sojourn policy`: the guards that stand above the rules of all clients. */
import { stringify } from 'yaml';
import { z } from 'zod';
import { policyFile, runTests } from '../../../access/policy/index.ts';
import { adminCommand, connectionOptions, requestAdmin } from '../admin.ts';
import {
  type CommandGroup,
  type CommandSpec,
  isSet,
  type ParsedArguments,
  type Terminal,
} from '../command.ts';
import { usageError } from '../failure.ts';
import { readPolicyFile } from '../policy-file.ts';
import { columns, type Json, printable } from '../print.ts';
import { parseAnswer } from '../server.ts';

const json = { flags: '--json', description: 'print the answer as JSON' };

/** As a file that can be changed and applied. */
const toPolicyFile = ({ version, guards }: Json): string => printable(stringify({ version, guards }));

const apply: CommandSpec = {
  usage: 'apply <file>',
  description:
    'replace the policy by the guards of a file; refused when another version is there than the file names',
  options: [json, ...connectionOptions],
  examples: ['policy apply policy.yaml'],
  async run(args, terminal) {
    const file = await readPolicyFile(args.positionals[0] ?? '');
    const version = file.version ?? (await currentVersion(args, terminal));
    const body = { version, guards: file.guards };
    const answer = await requestAdmin({ method: 'PUT', path: '/policy', body }, args, terminal);
    const applied = parseAnswer(answer);
    const count = file.guards.length;
    terminal.out(
      isSet(args, 'json')
        ? `${JSON.stringify(applied, null, 2)}\n`
        : `Version ${Number(applied.version)} is in force, with ${count} ${count === 1 ? 'guard' : 'guards'}.\n`,
    );
    return 0;
  },
};

/** A file that names none replaces whatever is there at this moment. */
const currentVersion = async (args: ParsedArguments, terminal: Terminal): Promise<unknown> =>
  parseAnswer(await requestAdmin({ method: 'GET', path: '/policy' }, args, terminal)).version;

const test: CommandSpec = {
  usage: 'test <file>',
  description: 'try out the guards and rules of a file, with no server; ends with 1 when a test fails',
  options: [json],
  examples: ['policy test policy.yaml', 'policy test policy.json --json'],
  async run(args, terminal) {
    const file = await readPolicyFile(args.positionals[0] ?? '');
    if (file.tests.length === 0) throw usageError('The file has no tests.');
    const outcomes = runTests(file);
    const failed = outcomes.filter(({ passed }) => !passed).length;
    const rows = outcomes.map(({ passed, name, expected, decided, decision: { unmet_conditions } }) => ({
      result: passed ? 'passed' : 'FAILED',
      test: name,
      expected,
      decided,
      unmet_conditions,
    }));
    const sum = failed > 0 ? `${failed} of ${outcomes.length} failed` : `${outcomes.length} passed`;
    terminal.out(
      isSet(args, 'json')
        ? `${JSON.stringify({ passed: failed === 0, tests: outcomes }, null, 2)}\n`
        : `${columns(rows, ['result', 'test', 'expected', 'decided', 'unmet_conditions'])}\n${sum}.\n`,
    );
    return failed > 0 ? 1 : 0;
  },
};

const schema: CommandSpec = {
  usage: 'schema',
  description: 'print the JSON Schema of a policy file, for editors',
  examples: ['policy schema > policy.schema.json'],
  async run(_, terminal) {
    terminal.out(`${JSON.stringify(z.toJSONSchema(policyFile, { io: 'input' }), null, 2)}\n`);
    return 0;
  },
};

export const policy: CommandGroup = {
  name: 'policy',
  description: 'the guards that stand above the rules of all clients',
  commands: [
    adminCommand({
      usage: 'show',
      description: 'show the policy and its version, as a file that can be changed and applied',
      examples: ['policy show > policy.yaml'],
      request: () => ({ method: 'GET', path: '/policy' }),
      format: toPolicyFile,
    }),
    apply,
    test,
    schema,
  ],
};
