/** Generates docs/configuration.md from the list of keys; a test checks that the file is current. */
import { settingsOf, variableOf } from '../../platform/settings/index.ts';
import { shape } from './shape.ts';

const opening = `# Configuration

<!-- Written by \`npm run docs\` from src/server/config/shape.ts. -->

\`sojourn serve --config FILE\` reads one YAML file. Every key can also be set as an environment variable, which overrides
the file. In a variable, write a list with commas or as JSON, a map as JSON, and \`null\` for no value. An empty variable
counts as absent. A duration is a whole number and a unit: \`500ms\`, \`90s\`, \`5m\`, \`24h\`, \`30d\`. Paths are relative
to the working directory.

The server does not start with an unknown key or \`SOJOURN_\` variable, a repeated key or an invalid value. It reports all
errors together, each with its line or variable.
`;

const closing = `## Other variables

| variable | meaning |
|---|---|
| \`SOJOURN_CONFIG\` | the configuration file, without \`--config\` |
| \`SOJOURN_ADMIN_TOKEN\` | token for the admin API, at least 32 characters. Without it, \`sojourn init\` creates a token, shows it once and stores its hash. The command line sends this token |
| \`SOJOURN_ADMIN_URL\` | URL of the admin API for the command line |
| \`SOJOURN_CLIENT_ID\`, \`SOJOURN_CLIENT_SECRET\` | client with which \`sojourn credentials\` signs in |
| \`SOJOURN_WORKLOAD_TOKEN_FILE\` | file with a token from the platform of the workload, to sign in with instead |

Variables that Kubernetes sets for a service named \`sojourn\` (\`SOJOURN_SERVICE_HOST\`, \`SOJOURN_PORT_8080_TCP\` …) are
ignored.
`;

const headings: Readonly<Record<string, string>> = {
  listen: 'Listeners',
  keys: 'Signing keys',
  tokens: 'Tokens',
  clouds: 'Cloud endpoints',
  setup: 'Set-up files',
  federation: 'Federated clients',
  webhooks: 'Webhooks',
  clients: 'Clients',
  verify: 'Verification',
  limits: 'Limits',
  audit: 'Audit log',
};

export function configurationDocument(): string {
  const sections = Map.groupBy(settingsOf(shape), ({ path }) => (path.length > 1 ? path[0]! : ''));
  const tables = [...sections].map(([section, settings]) => {
    const rows = settings.map(
      ({ path, setting }) =>
        `| \`${path.join('.')}\`<br>\`${variableOf(path)}\` | ${initialOf(setting.initial)} | ${setting.about.replaceAll('|', '\\|')} |`,
    );
    return [
      `## ${headings[section] ?? 'The server'}`,
      '',
      '| key and variable | default | meaning |',
      '|---|---|---|',
      ...rows,
      '',
    ].join('\n');
  });
  return [opening, ...tables, closing].join('\n');
}

function initialOf(initial: unknown): string {
  if (initial === undefined) return '**required**';
  if (initial === null) return 'none';
  return `\`${Array.isArray(initial) ? `[${initial.join(', ')}]` : JSON.stringify(initial).replaceAll('"', '')}\``;
}
