/**
 * Principals that all customers share, such as an application of the vendor. Each customer's cloud trusts one for the vendor's
 * other customers too, so a target that names one must declare it: then only the vendor chooses the customer's side. An
 * exclusive principal, such as an audience at a service that does not check the subject, is that of one tenant.
 */
import { clouds } from '../../clouds/index.ts';
import { invalidRequest } from '../../platform/errors/index.ts';
import type { Store } from '../../platform/store/index.ts';
import type { Connection } from './connection.ts';

type Target = Pick<Connection, 'cloud' | 'target' | 'tenant'>;

export interface SharedPrincipals {
  /** Whether the target names a shared principal and does not declare it, or one of another tenant. */
  isUndeclared(target: Target): Promise<boolean>;
  /**
   * Call it before the target is stored: permanently remembers a principal that it declares, because customers may have
   * consented to it, and an exclusive one for its tenant, because customers may trust it for longer than the connection
   * exists. Rejects with `invalid_request` if the target names a shared principal without declaring it, or one of another
   * tenant.
   */
  declare(target: Target): Promise<void>;
  /** Rejects with `invalid_request`, with a text for the customer. */
  refuseReported(target: Target): Promise<void>;
}

export function createSharedPrincipals(store: Store): SharedPrincipals {
  async function isUndeclared({ cloud, target, tenant }: Target): Promise<boolean> {
    const principal = clouds[cloud]?.principal?.(target);
    if (!principal || principal.isShared) return false;
    const declared = await store.get<{ tenant?: string }>('shared_principal', idOf(cloud, principal));
    return declared !== undefined && declared.value.tenant !== tenant;
  }

  async function refuse(target: Target, prefix: string, message: string): Promise<void> {
    const field = clouds[target.cloud]?.principal?.(target.target)?.field;
    if (await isUndeclared(target)) throw invalidRequest([{ path: `${prefix}${field}`, message }]);
  }

  return {
    isUndeclared,
    async declare({ cloud, target, tenant }) {
      const principal = clouds[cloud]?.principal?.(target);
      if (principal?.isShared || principal?.isExclusive)
        await store.insert(
          'shared_principal',
          idOf(cloud, principal),
          principal.isExclusive ? { tenant } : {},
        );
      await refuse(
        { cloud, target, tenant },
        'target.',
        principal?.isExclusive
          ? 'belongs to another tenant: the service does not check the subject, so each tenant needs its own'
          : 'is an application that customers share; set consent_redirect_uri too, or give the identity of this customer',
      );
    },
    refuseReported: (target) =>
      refuse(
        target,
        '',
        'is an application of the vendor. Report the identity that the set-up created in your account',
      ),
  };
}

const idOf = (cloud: string, { id }: { readonly id: string }): string => `${cloud}-${id}`;
