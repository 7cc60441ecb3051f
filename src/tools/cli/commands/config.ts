/** `sojourn config`: writes the configuration with which a cloud's tool fetches credentials of a connection. */
import { writeFileSync } from 'node:fs';
import { programs, type ToolOptions } from '../../../clouds/programs/index.ts';
import { apiPath, connectionOptions, requestAdmin } from '../admin.ts';
import { type CommandSpec, isSet, type ParsedArguments, type Terminal, text } from '../command.ts';
import { usageError } from '../failure.ts';
import { parseAnswer } from '../server.ts';
import { type ToolConnection, toolOptions, tools, toolsWithPurpose } from '../tool-config/tools.ts';

const purposeTools = toolsWithPurpose.join(' or ');

export const config: CommandSpec = {
  usage: 'config <connection>',
  description: "print a cloud tool's configuration to fetch credentials; contains no secret",
  options: [
    { flags: '--tool <tool>', description: 'the tool', choices: [...tools.keys()], required: true },
    { flags: '--output <file>', description: 'write to this file instead of standard output' },
    { flags: '--force', description: 'replace an existing file' },
    ...toolOptions,
    {
      flags: '--path <file>',
      description:
        "path at which the tool reads its file: the external account, or the agent's cloud token (default: --output, or CONNECTION.json or .token)",
    },
    {
      flags: '--command <words>',
      description: 'command with which the tool starts sojourn',
      defaultValue: 'sojourn',
    },
    { flags: '--purpose <name>', description: `purpose of the connection; only for --tool ${purposeTools}` },
    { flags: '--issuer <url>', description: 'issuer to include, if the tool runs without SOJOURN_ISSUER' },
    ...connectionOptions,
  ],
  examples: [
    'config con_01k0… --tool aws --profile acme >> ~/.aws/config',
    'config con_01k0… --tool google --output acme.json',
    'config con_01k0… --tool terraform',
  ],
  async run(args, terminal) {
    const name = text(args, 'tool') ?? '';
    const toolFor = tools.get(name);
    if (!toolFor) throw usageError(`--tool must be one of ${[...tools.keys()].join(', ')}.`);
    const answer = await requestAdmin(
      { method: 'GET', path: apiPath`/connections/${args.positionals[0]}` },
      args,
      terminal,
    );
    const connection = parseAnswer(answer) as unknown as ToolConnection;
    const tool = toolFor(connection.cloud);
    if (!tool) throw usageError(`--tool ${name} does not support connections to ${connection.cloud}.`);
    const options = optionsOf(args, connection);
    if (options.purpose !== undefined && !tool.acceptsPurpose)
      throw usageError(
        `--purpose needs --tool ${purposeTools}: the other tools exchange the cloud token themselves.`,
      );
    writeOutput(tool.write(connection, options), args, terminal);
    terminal.err(`${tool.nextStep(options)}\n`);
    return 0;
  },
};

function optionsOf(args: ParsedArguments, { id, cloud }: ToolConnection): ToolOptions {
  const word = (name: string, pattern: RegExp, value: string | undefined): string | undefined => {
    // The value is inserted into INI, JSON and shell text, where a quote or a line break could end the enclosing string.
    if (value === undefined || pattern.test(value)) return value;
    throw usageError(`--${name} contains a character that is not allowed in the tool's file.`);
  };
  const plain = /^[\w@%+:,./=~-]+$/;
  const output = text(args, 'output');
  return {
    command: word('command', /^[\w@%+:,./=~ -]+$/, text(args, 'command')) ?? 'sojourn',
    issuer: word('issuer', plain, text(args, 'issuer')),
    purpose: word('purpose', plain, text(args, 'purpose')),
    profile: word('profile', plain, text(args, 'profile')) ?? id,
    file: text(args, 'path') ?? output ?? `${id}.${programs[cloud].config?.fileExtension}`,
  };
}

function writeOutput(content: string, args: ParsedArguments, terminal: Terminal): void {
  const file = text(args, 'output');
  if (file === undefined) {
    terminal.out(content);
    return;
  }
  try {
    writeFileSync(file, content, { mode: 0o600, flag: isSet(args, 'force') ? 'w' : 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw usageError(`${file} exists. Give --force to replace it, or another name.`);
    throw usageError(`--output ${file} cannot be written (${code}).`);
  }
  terminal.out(`Wrote ${file}\n`);
}
