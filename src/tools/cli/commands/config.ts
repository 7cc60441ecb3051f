/** `sojourn config`: what a tool of a cloud reads so that it fetches credentials of a connection by itself. */
import { writeFileSync } from 'node:fs';
import { apiPath, connectionOptions, requestAdmin } from '../admin.ts';
import { type CommandSpec, isSet, type ParsedArguments, type Terminal, text } from '../command.ts';
import { usageError } from '../failure.ts';
import { parseAnswer } from '../server.ts';
import { type ToolConnection, type ToolOptions, tools } from '../tool-config/tools.ts';

export const config: CommandSpec = {
  usage: 'config <connection>',
  description: 'write what a tool needs to fetch credentials of the connection by itself; no secret is in it',
  options: [
    { flags: '--tool <tool>', description: 'whose it is', choices: Object.keys(tools), required: true },
    { flags: '--output <file>', description: 'write it to this file instead of printing it' },
    { flags: '--force', description: 'replace the file if it is there' },
    { flags: '--profile <name>', description: 'name of the AWS profile (else the connection)' },
    {
      flags: '--file <file>',
      description:
        'where the tool finds its file: an external account, or the cloud token that the agent keeps',
    },
    { flags: '--command <words>', description: 'how the tool starts this program', defaultValue: 'sojourn' },
    { flags: '--purpose <name>', description: 'a purpose of the connection, for --tool aws' },
    { flags: '--issuer <url>', description: 'written in where the tool has no SOJOURN_ISSUER' },
    ...connectionOptions,
  ],
  examples: [
    'config con_01k0… --tool aws --profile acme >> ~/.aws/config',
    'config con_01k0… --tool google --output acme.json',
    'config con_01k0… --tool terraform',
  ],
  async run(args, terminal) {
    const tool = tools[text(args, 'tool') ?? ''];
    if (!tool) throw usageError('--tool is not known.');
    const answer = await requestAdmin(
      { method: 'GET', path: apiPath`/connections/${args.positionals[0]}` },
      args,
      terminal,
    );
    const connection = parseAnswer(answer) as unknown as ToolConnection;
    if (!tool.clouds.includes(connection.cloud))
      throw usageError(`--tool ${text(args, 'tool')} does not fit a connection to ${connection.cloud}.`);
    const options = optionsOf(args, connection);
    if (options.purpose !== undefined && text(args, 'tool') !== 'aws')
      throw usageError('--purpose goes with --tool aws: the other tools make the exchange themselves.');
    writeOutput(tool.write(connection, options), args, terminal);
    terminal.err(`${tool.nextStep(options)}\n`);
    return 0;
  },
};

function optionsOf(args: ParsedArguments, { id, cloud }: ToolConnection): ToolOptions {
  const word = (name: string, pattern: RegExp, value: string | undefined): string | undefined => {
    // They go into files of other syntaxes, where a quote or a line break would end what it stands in.
    if (value === undefined || pattern.test(value)) return value;
    throw usageError(`--${name} holds a character that the tool would not read as it is.`);
  };
  const plain = /^[\w@%+:,./=~-]+$/;
  const output = text(args, 'output');
  return {
    command: word('command', /^[\w@%+:,./=~ -]+$/, text(args, 'command')) ?? 'sojourn',
    issuer: word('issuer', plain, text(args, 'issuer')),
    purpose: word('purpose', plain, text(args, 'purpose')),
    profile: word('profile', plain, text(args, 'profile')) ?? id,
    file: text(args, 'file') ?? output ?? `${id}.${cloud === 'gcp' ? 'json' : 'token'}`,
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
    if (code === 'EEXIST')
      throw usageError(`${file} is there already: give --force to replace it, or another name.`);
    throw usageError(`--output ${file} cannot be written (${code}).`);
  }
  terminal.out(`Wrote ${file}\n`);
}
