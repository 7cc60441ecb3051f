/** `sojourn config`: what a tool of a cloud reads so that it fetches credentials of a connection by itself. */
import { writeFileSync } from 'node:fs';
import { askAdmin, at, connectionOptions } from '../admin.ts';
import { type CommandSpec, type Face, flag, type Given, text } from '../command.ts';
import { usageError } from '../failure.ts';
import { readAnswer } from '../server.ts';
import { type ToolConnection, type ToolOptions, tools } from '../tool-config/tools.ts';

export const config: CommandSpec = {
  usage: 'config <connection>',
  about: 'write what a tool needs to fetch credentials of the connection by itself; no secret is in it',
  options: [
    { flags: '--tool <tool>', about: 'whose it is', choices: Object.keys(tools), required: true },
    { flags: '--output <file>', about: 'write it to this file instead of printing it' },
    { flags: '--force', about: 'replace the file if it is there' },
    { flags: '--profile <name>', about: 'name of the AWS profile (else the connection)' },
    {
      flags: '--file <file>',
      about: 'where the tool finds its file: an external account, or the cloud token that the agent keeps',
    },
    { flags: '--command <words>', about: 'how the tool starts this program', initial: 'sojourn' },
    { flags: '--purpose <name>', about: 'a purpose of the connection, for --tool aws' },
    { flags: '--issuer <url>', about: 'written in where the tool has no SOJOURN_ISSUER' },
    ...connectionOptions,
  ],
  examples: [
    'config con_01k0… --tool aws --profile acme >> ~/.aws/config',
    'config con_01k0… --tool google --output acme.json',
    'config con_01k0… --tool terraform',
  ],
  async run(given, face) {
    const tool = tools[text(given, 'tool') ?? ''];
    if (!tool) throw usageError('--tool is not known.');
    const answer = await askAdmin({ method: 'GET', path: at`/connections/${given.args[0]}` }, given, face);
    const connection = readAnswer(answer) as unknown as ToolConnection;
    if (!tool.clouds.includes(connection.cloud))
      throw usageError(`--tool ${text(given, 'tool')} does not fit a connection to ${connection.cloud}.`);
    const options = optionsOf(given, connection);
    if (options.purpose !== undefined && text(given, 'tool') !== 'aws')
      throw usageError('--purpose goes with --tool aws: the other tools make the exchange themselves.');
    print(tool.write(connection, options), given, face);
    face.err(`${tool.next(options)}\n`);
    return 0;
  },
};

function optionsOf(given: Given, { id, cloud }: ToolConnection): ToolOptions {
  const word = (name: string, pattern: RegExp, value: string | undefined): string | undefined => {
    // They go into files of other syntaxes, where a quote or a line break would end what it stands in.
    if (value === undefined || pattern.test(value)) return value;
    throw usageError(`--${name} holds a character that the tool would not read as it is.`);
  };
  const plain = /^[\w@%+:,./=~-]+$/;
  const output = text(given, 'output');
  return {
    command: word('command', /^[\w@%+:,./=~ -]+$/, text(given, 'command')) ?? 'sojourn',
    issuer: word('issuer', plain, text(given, 'issuer')),
    purpose: word('purpose', plain, text(given, 'purpose')),
    profile: word('profile', plain, text(given, 'profile')) ?? id,
    file: text(given, 'file') ?? output ?? `${id}.${cloud === 'gcp' ? 'json' : 'token'}`,
  };
}

function print(content: string, given: Given, face: Face): void {
  const file = text(given, 'output');
  if (file === undefined) {
    face.out(content);
    return;
  }
  try {
    writeFileSync(file, content, { mode: 0o600, flag: flag(given, 'force') ? 'w' : 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      throw usageError(`${file} is there already: give --force to replace it, or another name.`);
    throw usageError(`--output ${file} cannot be written (${code}).`);
  }
  face.out(`Wrote ${file}\n`);
}
