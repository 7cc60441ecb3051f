/** Full names in Google's IAM (cloud.google.com/iam/docs/principal-identifiers). */

/** The part of a target that names its provider. */
interface ProviderTarget {
  readonly project_number: string;
  readonly pool_id: string;
  readonly provider_id: string;
}

/** Contains the project number: a principal with the project id never matches. */
export const poolName = ({ project_number, pool_id }: ProviderTarget): string =>
  `projects/${project_number}/locations/global/workloadIdentityPools/${pool_id}`;

export const providerName = (target: ProviderTarget): string =>
  `${poolName(target)}/providers/${target.provider_id}`;

/** One subject of the pool; a `principalSet` can match many. */
export const memberName = (target: ProviderTarget, subject: string): string =>
  `principal://iam.googleapis.com/${poolName(target)}/subject/${subject}`;

/** RFC 3986 section 3.3 allows `@` in a path, and Google's clients do not encode it. */
export const pathSegment = (text: string): string => encodeURIComponent(text).replaceAll('%40', '@');
