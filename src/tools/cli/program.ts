/** Builds the program from the command specifications, parses the arguments and runs one command. */
import { Command, Option } from 'commander';
import { manifest } from '../../platform/manifest.ts';
import { loadEntries } from './all-commands.ts';
import type { CommandGroup, CommandSpec, OptionSpec, ParsedArguments, Terminal } from './command.ts';
import { reportFailure } from './failure.ts';

/** Runs one command and resolves to its exit code: 0, 1 if it failed, 2 for a usage error, or the command's own. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const outcome = { code: 0 };
  const program = new Command('sojourn')
    .description("Keyless access to your customers' clouds.")
    .version(manifest.version)
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .showHelpAfterError('(see --help)');
  const entries = await loadEntries(argv[0] ?? '');
  const { ownArguments, childCommand } = splitAtDoubleDash(
    argv,
    entries.filter((entry) => 'usage' in entry),
  );
  for (const entry of entries) {
    if ('usage' in entry) addCommand(program, entry, terminal, outcome, childCommand);
    else addGroup(program, entry, terminal, outcome);
  }
  try {
    await program.parseAsync([...ownArguments], { from: 'user' });
    return outcome.code;
  } catch (error) {
    return reportFailure(error, terminal);
  }
}

/** If the command runs another program, the arguments after `--` are that program's command line. */
function splitAtDoubleDash(argv: readonly string[], commands: readonly CommandSpec[]) {
  const takesProgram = commands.some(
    ({ usage, runsProgram }) => runsProgram && usage.split(' ')[0] === argv[0],
  );
  const index = takesProgram ? argv.indexOf('--') : -1;
  return index < 0
    ? { ownArguments: argv, childCommand: [] }
    : { ownArguments: argv.slice(0, index), childCommand: argv.slice(index + 1) };
}

function addGroup(parent: Command, group: CommandGroup, terminal: Terminal, outcome: { code: number }): void {
  const command = parent.command(group.name).description(group.description);
  for (const spec of group.commands) addCommand(command, spec, terminal, outcome);
  for (const subgroup of group.groups ?? []) addGroup(command, subgroup, terminal, outcome);
}

function addCommand(
  parent: Command,
  spec: CommandSpec,
  terminal: Terminal,
  outcome: { code: number },
  childCommand: readonly string[] = [],
): void {
  const command = parent
    .command(spec.usage, { isDefault: spec.isDefault ?? false })
    .description(spec.description)
    .allowExcessArguments(false);
  for (const option of spec.options ?? []) command.addOption(createOption(option));
  const notes = (spec.notes ?? []).map((note) => `\n${note}`);
  const examples = spec.examples.map((example) => `  $ sojourn ${example}\n`);
  command.addHelpText(
    'after',
    `${notes.length > 0 ? `${notes.join('')}\n` : ''}\nExamples:\n${examples.join('')}`,
  );
  command.action(async () => {
    const args: ParsedArguments = { positionals: command.args, options: command.opts(), childCommand };
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
    option.argParser((value: string, previous: readonly string[] | undefined) => [
      ...(previous ?? []),
      value,
    ]);
  return option;
}
