/** `sojourn policy`: guards, the conditions that all clients must meet in addition to their rules. */
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
import { columns, counted, type Json, printable } from '../print.ts';
import { parseAnswer } from '../server.ts';

const jsonOption = { flags: '--json', description: 'print JSON' };

/** The policy in the format that `policy apply` reads. */
const toPolicyFile = ({ version, guards }: Json): string => printable(stringify({ version, guards }));

const apply: CommandSpec = {
  usage: 'apply <file>',
  description: "replace the policy with a file, if the file's version is the current one",
  options: [jsonOption, ...connectionOptions],
  examples: ['policy apply policy.yaml'],
  async run(args, terminal) {
    const file = await readPolicyFile(args.positionals[0] ?? '');
    const version = file.version ?? (await currentVersion(args, terminal));
    const body = { version, guards: file.guards };
    const answer = await requestAdmin({ method: 'PUT', path: '/policy', body }, args, terminal);
    const applied = parseAnswer(answer);
    terminal.out(
      isSet(args, 'json')
        ? `${JSON.stringify(applied, null, 2)}\n`
        : `Applied version ${Number(applied.version)} with ${counted(file.guards.length, 'guard')}.\n`,
    );
    return 0;
  },
};

/** A file without a version replaces the policy of this moment. */
const currentVersion = async (args: ParsedArguments, terminal: Terminal): Promise<unknown> =>
  parseAnswer(await requestAdmin({ method: 'GET', path: '/policy' }, args, terminal)).version;

const test: CommandSpec = {
  usage: 'test <file>',
  description: 'run the tests of a policy file, without a server',
  notes: ['Exit code: 0 if all tests pass, 1 if one fails.'],
  options: [jsonOption],
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
    const summary = failed > 0 ? `${failed} of ${outcomes.length} failed` : `${outcomes.length} passed`;
    terminal.out(
      isSet(args, 'json')
        ? `${JSON.stringify({ passed: failed === 0, tests: outcomes }, null, 2)}\n`
        : `${columns(rows, ['result', 'test', 'expected', 'decided', 'unmet_conditions'])}\n${summary}.\n`,
    );
    return failed > 0 ? 1 : 0;
  },
};

const schema: CommandSpec = {
  usage: 'schema',
  description: 'print the JSON Schema of policy files, for editors',
  examples: ['policy schema > policy.schema.json'],
  async run(_, terminal) {
    terminal.out(`${JSON.stringify(z.toJSONSchema(policyFile, { io: 'input' }), null, 2)}\n`);
    return 0;
  },
};

export const policy: CommandGroup = {
  name: 'policy',
  description: 'manage the policy: guards that apply to all clients',
  commands: [
    adminCommand({
      usage: 'show',
      description: 'print the policy as a file to edit and apply',
      examples: ['policy show > policy.yaml'],
      request: () => ({ method: 'GET', path: '/policy' }),
      format: toPolicyFile,
    }),
    apply,
    test,
    schema,
  ],
};
