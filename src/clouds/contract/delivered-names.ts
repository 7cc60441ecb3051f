/**
 * Names of files and variables that a service's preset creates on a client's machine. Checked when a preset is loaded, and
 * again on the machine, where a hostile server could otherwise replace other files or run code.
 */

export interface NameRule {
  readonly pattern: RegExp;
  readonly mustBe: string;
  readonly isReserved: (name: string) => boolean;
  readonly mustNotBe: string;
}

/** The agent writes the variables into a file of this name. */
export const variablesFile = 'env';

export const fileNames: NameRule = {
  pattern: /^[a-z0-9][a-z0-9.-]{0,60}$/,
  mustBe: 'must be a file name in lower case',
  isReserved: (name) => name === variablesFile,
  mustNotBe: `must not be ${variablesFile}, the file of the variables`,
};

/** Which code a shell, the linker or an interpreter loads, which program another one starts, and where it looks for files. */
const loadingNames =
  /^(PATH|HOME|SHELL|ENV|IFS|CDPATH|PS[0-4]|PROMPT_COMMAND|ZDOTDIR|EDITOR|VISUAL|PAGER|BROWSER|SSH_ASKPASS|CLASSPATH|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS)$/i;
const loadingFamilies =
  /^(LD_|DYLD_|GCONV_|GLIBC_|MALLOC_|BASH|SHELLOPTS|NODE_|PYTHON|PERL5|RUBY|GEM_|BUNDLE_|LUA_|PHP|DOTNET_|CORECLR_|COR_|GIT_)/i;

export const variableNames: NameRule = {
  pattern: /^[A-Za-z_][A-Za-z0-9_]{0,199}$/,
  mustBe: 'must be letters, digits and _ that do not begin with a digit',
  isReserved: (name) => loadingNames.test(name) || loadingFamilies.test(name),
  mustNotBe: 'must not be a variable that changes how programs load or run',
};

export function nameFault({ pattern, mustBe, isReserved, mustNotBe }: NameRule, name: string) {
  if (!pattern.test(name)) return mustBe;
  return isReserved(name) ? mustNotBe : undefined;
}
