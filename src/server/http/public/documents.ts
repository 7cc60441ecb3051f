/** Which document of which issuer is at a path. */
import {
  discoveryPath,
  type FixedDocument,
  fixedDocument,
  type Issuer,
  type Issuers,
  jwksPath,
} from '../../../tokens/issuer/index.ts';
import type { FindDocument } from '../fixed-documents.ts';

/** Below the issuer: the text of the key that verifies checkpoints of the audit log. */
export const auditKeyPath = '/audit/key';

export const documentPaths = [jwksPath, discoveryPath, auditKeyPath];

/** The key never changes. */
const auditKeyMaxAge = 300;

const tenantPath = /^\/t\/(ten_[0-9a-z]{26})(\/jwks|\/\.well-known\/openid-configuration)$/;

/**
 * @param base the path of the shared issuer
 * @param auditKey undefined until the key was created
 */
export function findDocument(
  { shared, ofTenant }: Issuers,
  base: string,
  auditKey: () => string | undefined,
): FindDocument {
  return (path) => {
    if (path === base + auditKeyPath) {
      const text = auditKey();
      return text === undefined
        ? undefined
        : { route: path, document: fixedDocument(`${text}\n`, 'text/plain; charset=utf-8', auditKeyMaxAge) };
    }
    if (path === base + jwksPath) return { route: path, document: shared.jwks() };
    if (path === base + discoveryPath) return { route: path, document: shared.discovery() };
    const [, tenant, rest] = tenantPath.exec(path.startsWith(base) ? path.slice(base.length) : '') ?? [];
    if (tenant === undefined) return undefined;
    return ofTenant(tenant).then(
      (issuer) => issuer && { route: `${base}/t/:tenant${rest}`, document: documentOf(issuer, rest) },
    );
  };
}

export const documentOf = (issuer: Issuer, path: string | undefined): FixedDocument =>
  path === jwksPath ? issuer.jwks() : issuer.discovery();
