/** The example configurations of docs/agent.md, Kubernetes and systemd are valid for the agent. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { agentShape, loadAgentConfig } from '../../../src/server/config/index.ts';
import { blocks, root, textOf } from '../../docs/documents.ts';

const folder = mkdtempSync(join(tmpdir(), 'sojourn-deploy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fileOf = (content: string): string => {
  const file = join(folder, 'agent.yaml');
  writeFileSync(file, content);
  return file;
};

const manifest = textOf('deploy/kubernetes/agent-sidecar.yaml');
const documents = parseAllDocuments(manifest, { merge: false });
const [configMap, serviceAccount, pod] = documents.map(
  (document) => document.toJS() as Record<string, never>,
) as [{ data: Record<string, string> }, object, { spec: PodSpec }];

interface Container {
  readonly args?: readonly string[];
  readonly restartPolicy?: string;
  readonly securityContext: object;
  readonly volumeMounts: readonly { readonly mountPath: string }[];
}

interface PodSpec {
  readonly securityContext: object;
  readonly volumes: readonly Record<string, unknown>[];
  readonly initContainers: readonly [Container];
  readonly containers: readonly Container[];
}

const configurations = [
  ...blocks('docs/agent.md', 'yml').map((yaml) => ({ source: 'docs/agent.md', yaml })),
  { source: 'the ConfigMap', yaml: configMap.data['agent.yaml']! },
];

test.each(configurations)('the agent accepts the configuration in $source', async ({ yaml }) => {
  const { issuer } = await loadAgentConfig({ file: fileOf(yaml), env: {} });
  expect(issuer).toBe('https://id.example.com');
});

test('docs/agent.md explains every key and its variable', () => {
  const text = textOf('docs/agent.md');
  const signIn = Object.keys(agentShape.sign_in).map((name) => `sign_in.${name}`);
  const keys = [...Object.keys(agentShape).filter((name) => name !== 'sign_in'), ...signIn];
  for (const key of keys)
    expect(text).toContain(`| \`${key}\`<br>\`SOJOURN_AGENT_${key.replace('.', '_').toUpperCase()}\` |`);
});

describe('the Kubernetes sidecar', () => {
  test('is a manifest of a ConfigMap, a ServiceAccount and a Pod', () => {
    expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]);
    expect([configMap, serviceAccount, pod]).toMatchObject([
      { kind: 'ConfigMap' },
      { kind: 'ServiceAccount', automountServiceAccountToken: false },
      { kind: 'Pod' },
    ]);
  });

  test('runs without root, on a read-only root file system, with files in memory and a token only for Sojourn', () => {
    const { securityContext, volumes, initContainers, containers } = pod.spec;
    expect(securityContext).toEqual({
      runAsNonRoot: true,
      runAsUser: 10001,
      runAsGroup: 10001,
      fsGroup: 10001,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    for (const container of [...initContainers, ...containers])
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    expect(volumes).toEqual([
      {
        name: 'sojourn-token',
        projected: {
          defaultMode: 0o440,
          sources: [
            {
              serviceAccountToken: {
                path: 'token',
                audience: 'https://id.example.com',
                expirationSeconds: 3600,
              },
            },
          ],
        },
      },
      { name: 'sojourn-config', configMap: { name: 'sojourn-agent' } },
      { name: 'sojourn-files', emptyDir: { medium: 'Memory', sizeLimit: '16Mi' } },
    ]);
    expect(initContainers[0]).toMatchObject({
      args: ['agent', '--config', '/etc/sojourn/agent.yaml'],
      restartPolicy: 'Always',
    });
  });

  test('reads and writes only paths of its volumes', async () => {
    const { sign_in, directory } = await loadAgentConfig({
      file: fileOf(configMap.data['agent.yaml']!),
      env: {},
    });
    const mounts = pod.spec.initContainers[0].volumeMounts.map(({ mountPath }) => mountPath);
    expect(mounts).toEqual(['/var/run/secrets/sojourn', '/etc/sojourn', '/run/sojourn']);
    expect(sign_in.workload_token_file).toBe('/var/run/secrets/sojourn/token');
    // A directory inside the volume: Kubernetes decides the mode of the volume itself.
    expect(directory).toBe('/run/sojourn/agent');
  });
});

describe('the systemd unit', () => {
  const unit = textOf('deploy/systemd/sojourn-agent.service');
  const program = unit.replace('/usr/bin/node', process.execPath).replaceAll('/opt/sojourn', root);
  const file = join(folder, 'sojourn-agent.service');
  const analyze = (...args: string[]) => spawnSync('systemd-analyze', [...args, file], { encoding: 'utf8' });

  test('provides the directory, the secret and the reload of the agent', () => {
    for (const line of [
      'ExecReload=/bin/kill -HUP $MAINPID',
      'RuntimeDirectory=sojourn-agent',
      'RuntimeDirectoryMode=0700',
      'LoadCredential=client-secret:/etc/sojourn/client-secret',
      'LimitCORE=1',
      'NoNewPrivileges=yes',
    ])
      expect(unit.split('\n')).toContain(line);
  });

  if (spawnSync('systemd-analyze', ['--version']).status !== 0)
    test.todo('the systemd unit: not checked, because systemd-analyze is not installed');
  else
    test('passes systemd-analyze verify and its security check', () => {
      writeFileSync(file, program);
      expect(analyze('verify')).toMatchObject({ status: 0, stderr: '' });
      // In tenths: systemd calls 2.0 and less OK.
      expect(analyze('security', '--offline=true', '--threshold=20')).toMatchObject({ status: 0 });
    });
});
