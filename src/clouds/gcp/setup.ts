/** The set-up files for a Google Cloud project: one list of requests in three formats. */
import type { SetupFacts, SetupFile } from '../contract/index.ts';
import { poolOwner } from './existing-pool.ts';
import { uploadedJwks } from './jwks.ts';
import { memberName } from './names.ts';
import type { GcpSetupOptions } from './options.ts';
import { setupRequests } from './requests.ts';
import { gcloudScript } from './script.ts';
import type { GcpTarget } from './target.ts';
import { terraform } from './terraform.ts';

export function setup(target: GcpTarget, facts: SetupFacts): readonly SetupFile[] {
  const { existing_pool, ...others } = (facts.options ?? {}) as GcpSetupOptions;
  const poolExists = existing_pool ?? poolOwner(target, facts.established) !== undefined;
  // Terraform always has the pool, and the variable create_pool decides. The script looks.
  const withPool = setupRequests(target, { ...facts, options: others });
  const withoutPool = setupRequests(target, { ...facts, options: { ...others, existing_pool: true } });
  const connections = [{ target, facts }, ...(facts.additional ?? [])] as readonly {
    target: GcpTarget;
    facts: SetupFacts;
  }[];
  const members = connections.map((connection) => memberName(connection.target, connection.facts.subject));
  const report =
    facts.callback === undefined ? {} : { report: { callback: facts.callback, body: idsOf(target) } };
  return [
    {
      name: 'setup.sh',
      mediaType: 'text/x-shellscript',
      title: 'Script that uses gcloud and can be run repeatedly: sh setup.sh',
      content: gcloudScript(existing_pool ? withoutPool : withPool, members, report.report),
      publiclyReadable: true,
    },
    {
      name: 'main.tf',
      mediaType: 'text/plain',
      title: 'Terraform configuration. Apply with: terraform init && terraform apply',
      content: terraform({ requests: withPool, createsPool: !poolExists, members, ...report }),
    },
    {
      name: 'requests.json',
      mediaType: 'application/json',
      title: 'The same as calls of the IAM REST API, in order, for your own tools',
      content: `${JSON.stringify(poolExists ? withoutPool : withPool, null, 2)}\n`,
    },
    ...(target.uploaded_jwks
      ? [
          {
            name: 'jwks.json',
            mediaType: 'application/json',
            title: 'The keys that the provider must have now; run setup.sh again to upload them',
            content: `${uploadedJwks(facts)}\n`,
          },
        ]
      : []),
  ];
}

/** These ids are known before the set-up; the report says that the files were applied. */
const idsOf = ({ project_number, pool_id, provider_id, service_account }: GcpTarget) => ({
  project_number,
  pool_id,
  provider_id,
  ...(service_account ? { service_account } : {}),
});
