/** From the list of commands to a program that reads its arguments. */
import { Command, Option } from 'commander';
import { manifest } from '../../platform/manifest.ts';
import type { CommandGroup, CommandSpec, OptionSpec, ParsedArguments, Terminal } from './command.ts';
import { reportFailure } from './failure.ts';
import { type LoadedCommands, separatelyLoaded } from './lazy.ts';

/** Runs one command; resolves to the exit code: 0, 1 when it failed, 2 when it was not understood. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const outcome = { code: 0 };
  const program = new Command('sojourn')
    .description("Keyless access to your customers' clouds.")
    .version(manifest.version)
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .showHelpAfterError('(see --help)');
  const { commands, groups: nouns } = await loadCommands(argv[0] ?? '');
  const { words, inner } = splitAtDoubleDash(argv, commands);
  for (const spec of commands) addCommand(program, spec, terminal, outcome, inner);
  for (const noun of nouns) addGroup(program, noun, terminal, outcome);
  try {
    await program.parseAsync([...words], { from: 'user' });
    return outcome.code;
  } catch (error) {
    return reportFailure(error, terminal);
  }
}

async function loadCommands(first: string): Promise<LoadedCommands> {
  const load = Object.hasOwn(separatelyLoaded, first) ? separatelyLoaded[first] : undefined;
  return load ? load() : import('./all-commands.ts');
}

/** What stands behind `--` is another program's, where the command runs one. */
function splitAtDoubleDash(argv: readonly string[], commands: readonly CommandSpec[]) {
  const takes = commands.some(({ usage, runsProgram: runs }) => runs && usage.split(' ')[0] === argv[0]);
  const at = takes ? argv.indexOf('--') : -1;
  return at < 0 ? { words: argv, inner: [] } : { words: argv.slice(0, at), inner: argv.slice(at + 1) };
}

function addGroup(parent: Command, noun: CommandGroup, terminal: Terminal, outcome: { code: number }): void {
  const command = parent.command(noun.name).description(noun.description);
  for (const spec of noun.commands) addCommand(command, spec, terminal, outcome);
  for (const below of noun.groups ?? []) addGroup(command, below, terminal, outcome);
}

function addCommand(
  parent: Command,
  spec: CommandSpec,
  terminal: Terminal,
  outcome: { code: number },
  inner: readonly string[] = [],
): void {
  const command = parent
    .command(spec.usage, { isDefault: spec.isDefault ?? false })
    .description(spec.description)
    .allowExcessArguments(false);
  for (const option of spec.options ?? []) command.addOption(createOption(option));
  command.addHelpText(
    'after',
    `\nExamples:\n${spec.examples.map((example) => `  $ sojourn ${example}\n`).join('')}`,
  );
  command.action(async () => {
    const args: ParsedArguments = { positionals: command.args, options: command.opts(), childCommand: inner };
    outcome.code = (await spec.run(args, terminal)) ?? 0;
  });
}

function createOption({
  flags,
  description,
  required,
  repeatable,
  choices,
  defaultValue,
}: OptionSpec): Option {
  const option = new Option(flags, description).makeOptionMandatory(required ?? false);
  if (choices) option.choices([...choices]);
  if (defaultValue !== undefined) option.default(defaultValue);
  if (repeatable)
    option.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value]);
  return option;
}
