/** Which document of which issuer is at a path. */
import {
  discoveryPath,
  type FixedDocument,
  type Issuer,
  type Issuers,
  jwksPath,
} from '../../../tokens/issuer/index.ts';
import type { FindDocument } from '../fixed-documents.ts';

export const documentPaths = [jwksPath, discoveryPath];

const tenantPath = /^\/t\/(ten_[0-9a-z]{26})(\/jwks|\/\.well-known\/openid-configuration)$/;

/** @param base the path of the shared issuer */
export const findDocument =
  ({ shared, ofTenant }: Issuers, base: string): FindDocument =>
  (path) => {
    if (path === base + jwksPath) return { route: path, document: shared.jwks() };
    if (path === base + discoveryPath) return { route: path, document: shared.discovery() };
    const [, tenant, rest] = tenantPath.exec(path.startsWith(base) ? path.slice(base.length) : '') ?? [];
    if (tenant === undefined) return undefined;
    return ofTenant(tenant).then(
      (issuer) => issuer && { route: `${base}/t/:tenant${rest}`, document: documentOf(issuer, rest) },
    );
  };

export const documentOf = (issuer: Issuer, path: string | undefined): FixedDocument =>
  path === jwksPath ? issuer.jwks() : issuer.discovery();
