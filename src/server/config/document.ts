/** docs/configuration.md, written from the list of keys; a test keeps the file equal to it. */
import { settingsOf, variableOf } from './setting.ts';
import { shape } from './shape.ts';

const opening = `# Configuration

<!-- Written by \`npm run docs\` from src/server/config/shape.ts. -->

\`sojourn serve --config FILE\` reads one YAML file. Every key can also be given as an environment variable, which wins
over the file; lists are separated by commas or written as JSON, sections with names of your own as JSON, \`null\` stands for nothing, and an empty variable counts as absent.
Durations are a whole number and a unit: \`500ms\`, \`90s\`, \`5m\`, \`24h\`, \`30d\`. Paths are relative to the working
directory.

Nothing is ignored: an unknown key or \`SOJOURN_\` variable, a key given twice and a value that cannot be meant stop the
start, and all faults are told at once, each with its line or variable.
`;

const closing = `## Variables that are no key

| variable | meaning |
|---|---|
| \`SOJOURN_CONFIG\` | the file, where \`--config\` is not given |
| \`SOJOURN_ADMIN_TOKEN\` | 32 or more characters that open the admin API. Without it the server makes a token at first start, shows it once and stores its hash. The command line sends it |
| \`SOJOURN_ADMIN_URL\` | where the command line finds the admin API |
| \`SOJOURN_CLIENT_ID\`, \`SOJOURN_CLIENT_SECRET\` | what \`sojourn credentials\` authenticates with |
| \`SOJOURN_WORKLOAD_TOKEN_FILE\` | a token of the workload’s own platform, with which it authenticates instead |

Variables that Kubernetes makes for a service called \`sojourn\` (\`SOJOURN_SERVICE_HOST\`, \`SOJOURN_PORT_8080_TCP\` …) are
left alone.
`;

const headings: Readonly<Record<string, string>> = {
  listen: 'Where it listens',
  keys: 'Signing keys',
  tokens: 'Tokens',
  clouds: 'Endpoints of the clouds',
  setup: 'Set-up files',
  audit: 'Audit',
};

export function configurationDocument(): string {
  const sections = Map.groupBy(settingsOf(shape), ({ path }) => (path.length > 1 ? path[0]! : ''));
  const tables = [...sections].map(([section, settings]) => {
    const rows = settings.map(
      ({ path, setting }) =>
        `| \`${path.join('.')}\`<br>\`${variableOf(path)}\` | ${initialOf(setting.initial)} | ${setting.about} |`,
    );
    return [
      `## ${headings[section] ?? 'The server'}`,
      '',
      '| key and variable | without it | meaning |',
      '|---|---|---|',
      ...rows,
      '',
    ].join('\n');
  });
  return [opening, ...tables, closing].join('\n');
}

function initialOf(initial: unknown): string {
  if (initial === undefined) return '**required**';
  if (initial === null) return 'nothing';
  return `\`${Array.isArray(initial) ? `[${initial.join(', ')}]` : JSON.stringify(initial).replaceAll('"', '')}\``;
}
