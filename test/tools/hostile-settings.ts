/** What a hostile server could send as files and variables of a service, and the error of the client's machine. */

type Row = readonly [sent: string, settings: object, detail: string];

const file = 'must be a file name in lower case';
const variable = 'must be letters, digits and _ that do not begin with a digit';
const loading = 'must not be a variable that changes how programs load or run';

const loadingVariables = [
  ...[
    'PATH',
    'Path',
    'HOME',
    'ENV',
    'IFS',
    'LD_PRELOAD',
    'DYLD_INSERT_LIBRARIES',
    'BASH_ENV',
    'NODE_OPTIONS',
  ],
  ...['PYTHONPATH', 'PERL5OPT', 'RUBYOPT', 'JAVA_TOOL_OPTIONS', 'GIT_SSH_COMMAND'],
];

export const hostileSettings: readonly Row[] = [
  ...['../../victim', '/tmp/victim', 'a/b', '.', '..', '', 'a\0b'].map((name) => ofFile(name, file)),
  ofFile('env', 'must not be env, the file of the variables'),
  ...['A;touch x;B', 'A B', '1A', '', 'Ä', 'A\nB'].flatMap((name) => ofVariable(name, variable)),
  ...loadingVariables.flatMap((name) => ofVariable(name, loading)),
];

function ofFile(name: string, fault: string): Row {
  const shown = JSON.stringify(name);
  return [
    `the file ${shown}`,
    { files: [{ name, content: 'x' }] },
    `The name of the file ${shown} ${fault}.`,
  ];
}

function ofVariable(name: string, fault: string): readonly Row[] {
  const shown = JSON.stringify(name);
  const detail = `The name of the variable ${shown} ${fault}.`;
  return [
    [`the variable ${shown}`, { variables: { [name]: 'x' } }, detail],
    [`the variable ${shown} to remove`, { remove: [name] }, detail],
  ];
}
