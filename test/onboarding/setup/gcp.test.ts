import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { evaluate } from '@marcbachmann/cel-js';
import fc from 'fast-check';
import { setup } from '../../../src/clouds/gcp/setup.ts';
import { testWith } from '../../support/programs.ts';
import { carriable, contentOf, hostileText } from './arrange.ts';
import { gcpFacts as facts, gcpTarget as target } from './gcp.arrange.ts';

const pool = 'projects/123456789/locations/global/workloadIdentityPools/sojourn-a1';
const providerUrl = `https://iam.googleapis.com/v1/${pool}/providers/con-b2`;
const account = 'deployer@acme.iam.gserviceaccount.com';
const requests = (...given: Parameters<typeof setup>) =>
  JSON.parse(contentOf(setup(...given), 'requests.json'));

describe('the list of Google Cloud requests', () => {
  test('creates the pool, a provider for one audience and one subject, and one binding for one principal', () => {
    expect(requests(target({ service_account: account }), facts())).toEqual([
      {
        kind: 'create_pool',
        title: 'Create the workload identity pool, unless it exists',
        resource: pool,
        method: 'POST',
        url: 'https://iam.googleapis.com/v1/projects/123456789/locations/global/workloadIdentityPools',
        query: { workloadIdentityPoolId: 'sojourn-a1' },
        existing: {
          read: { method: 'GET', url: `https://iam.googleapis.com/v1/${pool}` },
          undelete: { method: 'POST', url: `https://iam.googleapis.com/v1/${pool}:undelete` },
        },
        body: { displayName: 'Vendor', description: 'Workloads of Vendor' },
      },
      {
        kind: 'create_provider',
        title: 'Trust the issuer, for one audience and one subject',
        resource: `${pool}/providers/con-b2`,
        method: 'POST',
        url: `https://iam.googleapis.com/v1/${pool}/providers`,
        query: { workloadIdentityPoolProviderId: 'con-b2' },
        existing: {
          read: { method: 'GET', url: providerUrl },
          undelete: { method: 'POST', url: `${providerUrl}:undelete` },
          update: {
            method: 'PATCH',
            url: providerUrl,
            query: { updateMask: 'displayName,description,attributeMapping,attributeCondition,oidc' },
          },
        },
        body: {
          displayName: 'acme-prod',
          description: 'Connection con_7h2k9 of Vendor',
          attributeMapping: { 'google.subject': 'assertion.sub' },
          attributeCondition: "assertion.sub=='con_7h2k9'",
          oidc: {
            issuerUri: 'https://id.vendor.com/t/ten_x',
            allowedAudiences: [`https://iam.googleapis.com/${pool}/providers/con-b2`],
          },
        },
      },
      {
        kind: 'add_binding',
        title: 'Allow only this subject to impersonate the service account',
        resource: `projects/-/serviceAccounts/${account}`,
        read: {
          method: 'POST',
          url: `https://iam.googleapis.com/v1/projects/-/serviceAccounts/${account}:getIamPolicy`,
          query: { 'options.requestedPolicyVersion': '3' },
        },
        binding: {
          role: 'roles/iam.workloadIdentityUser',
          members: [`principal://iam.googleapis.com/${pool}/subject/con_7h2k9`],
        },
        method: 'POST',
        url: `https://iam.googleapis.com/v1/projects/-/serviceAccounts/${account}:setIamPolicy`,
        query: {},
      },
    ]);
  });

  test('changes no service account if the connection has none', () => {
    const kinds = requests(target(), facts()).map(({ kind }: { kind: string }) => kind);
    expect(kinds).toEqual(['create_pool', 'create_provider']);
  });

  test('refuses one provider for two connections, because its condition can admit only one', () => {
    const other = facts({ subject: 'con_2', connection: { id: 'con_2', name: 'b' } });
    const beside = [{ target: target({ service_account: account }), facts: other }];
    expect(() => setup(target(), facts({ additional: beside }))).toThrow(
      /^additional_connections: must name connections that each have their own provider$/,
    );
  });

  test('keeps a loopback issuer unchanged', () => {
    const [, provider] = requests(target(), facts({ issuer: 'http://127.0.0.1:1234' }));
    expect(provider.body.oidc.issuerUri).toBe('http://127.0.0.1:1234');
  });

  test('admits exactly the subject, with any characters', () => {
    fc.assert(
      fc.property(hostileText, hostileText, (text, other) => {
        // No argument of a program can hold NUL, and the script is written along with the requests.
        const subject = text.toWellFormed().replaceAll('\0', '');
        const [, { body }] = requests(target(), facts({ subject }));
        const admits = (sub: string) => evaluate(body.attributeCondition, { assertion: { sub } });
        expect([admits(subject), admits(`${subject}x`), admits(other)]).toEqual([
          true,
          false,
          other === subject,
        ]);
      }),
    );
  });

  test('shortens descriptions to the limits of their fields', () => {
    fc.assert(
      fc.property(hostileText, hostileText, (name, vendor) => {
        const connection = { id: 'con_7h2k9', name: name.repeat(100) };
        for (const { body } of requests(target(), facts({ vendor, connection }))) {
          expect(body.displayName.length).toBeLessThanOrEqual(32);
          expect(body.description.length).toBeLessThanOrEqual(256);
        }
      }),
    );
  });
});

describe('the Terraform file for Google Cloud', () => {
  test('has the same values as the requests', () => {
    expect(contentOf(setup(target({ service_account: account }), facts()), 'main.tf')).toBe(`terraform {
  required_version = ">= 1.7"

  required_providers {
    google = {
      "source"  = "hashicorp/google"
      "version" = ">= 5.0"
    }
  }
}

variable "create_pool" {
  type        = bool
  default     = true
  description = "Choose false if the project already has the pool. A subject is unique only in its pool: another issuer that the pool trusts could use the same subject."
}

variable "adopt" {
  type        = set(string)
  default     = []
  description = "Full names of the pool and the providers that exist already and that no other configuration manages: projects/NUMBER/… If they were deleted in the last 30 days, first restore them with gcloud iam workload-identity-pools undelete, or providers undelete. The plan shows what would change in them."
}

import {
  for_each = setintersection(var.adopt, ["${pool}"])
  to       = google_iam_workload_identity_pool.this[0]
  id       = each.value
}

import {
  for_each = setintersection(var.adopt, ["${pool}/providers/con-b2"])
  to       = google_iam_workload_identity_pool_provider.this
  id       = each.value
}

resource "google_iam_workload_identity_pool" "this" {
  count                     = var.create_pool ? 1 : 0
  project                   = "123456789"
  workload_identity_pool_id = "sojourn-a1"
  display_name              = "Vendor"
  description               = "Workloads of Vendor"

  lifecycle {
    prevent_destroy = true
  }
}

resource "google_iam_workload_identity_pool_provider" "this" {
  project                            = "123456789"
  workload_identity_pool_id          = "sojourn-a1"
  workload_identity_pool_provider_id = "con-b2"
  display_name                       = "acme-prod"
  description                        = "Connection con_7h2k9 of Vendor"
  attribute_condition                = "assertion.sub=='con_7h2k9'"
  depends_on                         = [google_iam_workload_identity_pool.this]

  attribute_mapping = {
    "google.subject" = "assertion.sub"
  }

  oidc {
    issuer_uri        = "https://id.vendor.com/t/ten_x"
    allowed_audiences = ["https://iam.googleapis.com/${pool}/providers/con-b2"]
  }
}

resource "google_service_account_iam_member" "this" {
  service_account_id = "projects/-/serviceAccounts/${account}"
  role               = "roles/iam.workloadIdentityUser"
  member             = "principal://iam.googleapis.com/${pool}/subject/con_7h2k9"
  depends_on         = [google_iam_workload_identity_pool_provider.this]
}

output "principal" {
  description = "May be granted roles directly."
  value       = "principal://iam.googleapis.com/${pool}/subject/con_7h2k9"
}
`);
  });

  testWith(['terraform'])('parses and is in canonical format with any name', () => {
    fc.assert(
      // The subject is also in a shell script, whose words cannot contain NUL. A connection's id never does.
      fc.property(hostileText, hostileText, hostileText.map(carriable), (name, vendor, subject) => {
        const connection = { id: 'con_7h2k9', name };
        const input = contentOf(
          setup(target({ service_account: account }), facts({ connection, vendor, subject })),
          'main.tf',
        );
        const { status, stdout } = spawnSync('terraform', ['fmt', '-check', '-diff', '-'], {
          input,
          encoding: 'utf8',
          timeout: 15_000,
        });
        expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
      }),
      { numRuns: 20 },
    );
  });
});

test('no Google Cloud file admits more than one subject', () => {
  for (const { content } of setup(target({ service_account: account }), facts()))
    expect(content).not.toMatch(
      /principalSet|allUsers|allAuthenticatedUsers|subject\/\*|startsWith|matches\(/,
    );
});
