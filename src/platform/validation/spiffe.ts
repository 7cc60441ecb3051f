/** SPIFFE ids of workloads (SPIFFE-ID sections 2.1 to 2.3): a trust domain and a path. Compared byte for byte. */

const trustDomain = 'spiffe://[a-z0-9._-]{1,255}';
/** Not empty, so the path has no trailing slash; not `.` or `..`. */
const segment = '/(?!\\.{1,2}(?:/|$))[A-Za-z0-9._-]+';

/** A whole trust domain, as `spiffe://prod.example.com`. */
export const trustDomainPattern = new RegExp(`^${trustDomain}$`);

/** A whole id of a workload, of 2048 bytes at most. */
export const spiffeIdPattern = new RegExp(`^(?=.{1,2048}$)${trustDomain}(?:${segment})+$`);

/** For example `spiffe://prod.example.com` of `spiffe://prod.example.com/billing`; undefined for an invalid id. */
export const trustDomainOf = (id: string): string | undefined =>
  spiffeIdPattern.test(id) ? id.slice(0, id.indexOf('/', 'spiffe://'.length)) : undefined;
