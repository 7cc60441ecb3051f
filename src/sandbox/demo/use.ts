/** Uses credentials as the vendor's service would: one call to each cloud. */
import { call, json } from './http.ts';

export interface ServedCredentials {
  readonly cloud: 'aws' | 'azure' | 'gcp' | 'kubernetes';
  readonly expires_at: string;
  readonly credentials: Readonly<Record<string, string>>;
}

/** Makes one call with the credentials, and returns a short text with the identity or the resources that the cloud returned. */
export async function useOnce(
  sandbox: string,
  { cloud, credentials }: ServedCredentials,
  targets: { subscription: string; project: string },
): Promise<string> {
  switch (cloud) {
    case 'aws':
      return callerIdentity(sandbox, credentials);
    case 'azure': {
      const groups = await json<{ value: { name: string }[] }>({
        url: `${sandbox}/azure/subscriptions/${targets.subscription}/resourcegroups?api-version=2021-04-01`,
        headers: { authorization: `Bearer ${credentials.access_token}` },
      });
      return `resource groups: ${groups.value.map(({ name }) => name).join(', ')}`;
    }
    case 'kubernetes': {
      const pods = await json<{ items: { metadata: { name: string } }[] }>({
        url: `${sandbox}/kubernetes/api/v1/namespaces/default/pods`,
        headers: { authorization: `Bearer ${credentials.access_token}` },
      });
      return `pods: ${pods.items.map(({ metadata }) => metadata.name).join(', ')}`;
    }
    case 'gcp': {
      const { status, body } = await call({
        url: `${sandbox}/gcp/v3/projects/${targets.project}`,
        headers: { authorization: `Bearer ${credentials.access_token}` },
      });
      if (status !== 200) throw new Error(`projects.get answered ${status}: ${body}`);
      return `project ${(JSON.parse(body) as { projectId: string }).projectId}`;
    }
  }
}

/** With the AWS SDK, because the request must be signed. */
async function callerIdentity(
  sandbox: string,
  credentials: ServedCredentials['credentials'],
): Promise<string> {
  const { STSClient, GetCallerIdentityCommand } = await import('@aws-sdk/client-sts');
  const client = new STSClient({
    region: 'us-east-1',
    endpoint: `${sandbox}/aws`,
    credentials: {
      accessKeyId: credentials.access_key_id ?? '',
      secretAccessKey: credentials.secret_access_key ?? '',
      sessionToken: credentials.session_token ?? '',
    },
  });
  try {
    const { Arn } = await client.send(new GetCallerIdentityCommand({}));
    return String(Arn);
  } finally {
    client.destroy();
  }
}
