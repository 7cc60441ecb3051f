/** What a customer applies in a Google Cloud project: one list of requests in three spellings. */
import type { Artefact, SetupFacts } from '../contract.ts';
import { uploadedJwks } from './jwks.ts';
import { memberName } from './names.ts';
import { setupRequests } from './requests.ts';
import { gcloudScript } from './script.ts';
import type { GcpTarget } from './target.ts';
import { terraform } from './terraform.ts';

export function setup(target: GcpTarget, facts: SetupFacts): readonly Artefact[] {
  const requests = setupRequests(target, facts);
  const member = memberName(target, facts.subject);
  return [
    {
      name: 'setup.sh',
      mediaType: 'text/x-shellscript',
      title: 'Script around gcloud, which may be run again: sh setup.sh',
      content: gcloudScript(requests, member),
    },
    {
      name: 'main.tf',
      mediaType: 'text/plain',
      title: 'Terraform: terraform init && terraform apply',
      content: terraform(requests, member),
    },
    {
      name: 'requests.json',
      mediaType: 'application/json',
      title: 'The same as calls of the IAM REST API, in order, for tools of your own',
      content: `${JSON.stringify(requests, null, 2)}\n`,
    },
    ...(target.uploaded_jwks
      ? [
          {
            name: 'jwks.json',
            mediaType: 'application/json',
            title: 'The keys that the provider must hold now; run setup.sh again to upload them',
            content: `${uploadedJwks(facts)}\n`,
          },
        ]
      : []),
  ];
}
