/** From the list of commands to a program that reads its arguments. */
import { Command, Option } from 'commander';
import { manifest } from '../../platform/manifest.ts';
import type { CommandSpec, Face, Given, Noun, OptionSpec } from './command.ts';
import { tellFailure } from './failure.ts';
import { type Loaded, quick } from './quick.ts';

/** Runs one command; resolves to the exit code: 0, 1 when it failed, 2 when it was not understood. */
export async function run(argv: readonly string[], face: Face): Promise<number> {
  const outcome = { code: 0 };
  const program = new Command('sojourn')
    .description("Keyless access to your customers' clouds.")
    .version(manifest.version)
    .exitOverride()
    .configureOutput({ writeOut: face.out, writeErr: face.err })
    .showHelpAfterError('(see --help)');
  const { commands, nouns } = await listFor(argv[0] ?? '');
  const { words, inner } = parted(argv, commands);
  for (const spec of commands) addCommand(program, spec, face, outcome, inner);
  for (const noun of nouns) addNoun(program, noun, face, outcome);
  try {
    await program.parseAsync([...words], { from: 'user' });
    return outcome.code;
  } catch (error) {
    return tellFailure(error, face);
  }
}

async function listFor(first: string): Promise<Loaded> {
  const load = Object.hasOwn(quick, first) ? quick[first] : undefined;
  return load ? load() : import('./list.ts');
}

/** What stands behind `--` is another program's, where the command runs one. */
function parted(argv: readonly string[], commands: readonly CommandSpec[]) {
  const takes = commands.some(({ usage, runs }) => runs && usage.split(' ')[0] === argv[0]);
  const at = takes ? argv.indexOf('--') : -1;
  return at < 0 ? { words: argv, inner: [] } : { words: argv.slice(0, at), inner: argv.slice(at + 1) };
}

function addNoun(parent: Command, noun: Noun, face: Face, outcome: { code: number }): void {
  const command = parent.command(noun.name).description(noun.about);
  for (const spec of noun.commands) addCommand(command, spec, face, outcome);
  for (const below of noun.nouns ?? []) addNoun(command, below, face, outcome);
}

function addCommand(
  parent: Command,
  spec: CommandSpec,
  face: Face,
  outcome: { code: number },
  inner: readonly string[] = [],
): void {
  const command = parent
    .command(spec.usage, { isDefault: spec.isDefault ?? false })
    .description(spec.about)
    .allowExcessArguments(false);
  for (const option of spec.options ?? []) command.addOption(optionOf(option));
  command.addHelpText(
    'after',
    `\nExamples:\n${spec.examples.map((example) => `  $ sojourn ${example}\n`).join('')}`,
  );
  command.action(async () => {
    const given: Given = { args: command.args, options: command.opts(), inner };
    outcome.code = (await spec.run(given, face)) ?? 0;
  });
}

function optionOf({ flags, about, required, many, choices, initial }: OptionSpec): Option {
  const option = new Option(flags, about).makeOptionMandatory(required ?? false);
  if (choices) option.choices([...choices]);
  if (initial !== undefined) option.default(initial);
  if (many)
    option.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value]);
  return option;
}
