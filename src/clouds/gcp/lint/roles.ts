/** What a role on a service account lets its members do (Google Cloud, "IAM roles and permissions index"). */

/** With `iam.serviceAccounts.getAccessToken`: the exchange needs one of them. */
export const impersonationRoles: readonly string[] = [
  'roles/iam.workloadIdentityUser',
  'roles/iam.serviceAccountTokenCreator',
];

/**
 * Members can become the account: run code as it, sign as it, create or upload keys of it, or change its policy and so grant
 * themselves the others.
 */
const equivalentRoles = new Set([
  ...impersonationRoles,
  'roles/iam.serviceAccountUser',
  'roles/iam.serviceAccountOpenIdTokenCreator',
  'roles/iam.serviceAccountKeyAdmin',
  'roles/iam.serviceAccountAdmin',
  'roles/iam.securityAdmin',
  'roles/iam.admin',
  'roles/resourcemanager.organizationAdmin',
  'roles/resourcemanager.folderAdmin',
  'roles/resourcemanager.projectIamAdmin',
  'roles/owner',
  'roles/editor',
]);

/** Members can only read. */
const harmlessRoles = new Set([
  'roles/viewer',
  'roles/browser',
  'roles/iam.serviceAccountViewer',
  'roles/iam.securityReviewer',
  'roles/iam.roleViewer',
]);

/** `unknown` for custom roles and for those that are not in these lists. */
export const effectOf = (role: string): 'impersonates' | 'harmless' | 'unknown' => {
  if (equivalentRoles.has(role)) return 'impersonates';
  return harmlessRoles.has(role) ? 'harmless' : 'unknown';
};
