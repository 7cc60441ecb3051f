/**
 * Principals that all customers share, such as an application of the vendor. Each customer's cloud trusts one for the vendor's
 * other customers too, so a target that names one must declare it: then only the vendor chooses the customer's side.
 */
import { clouds } from '../../clouds/index.ts';
import { invalidRequest } from '../../platform/errors/index.ts';
import type { Store } from '../../platform/store/index.ts';
import type { Connection } from './connection.ts';

type Target = Pick<Connection, 'cloud' | 'target'>;

export interface SharedPrincipals {
  /** Whether the target names a shared principal and does not declare it. */
  isUndeclared(target: Target): Promise<boolean>;
  /**
   * Call it before the target is stored: permanently remembers a principal that it declares, because customers may have
   * consented to it. Rejects with `invalid_request` if it names a shared principal without declaring it.
   */
  declare(target: Target): Promise<void>;
  /** Rejects with `invalid_request`, with a text for the customer. */
  refuseReported(target: Target): Promise<void>;
}

export function createSharedPrincipals(store: Store): SharedPrincipals {
  async function isUndeclared({ cloud, target }: Target): Promise<boolean> {
    const principal = clouds[cloud]?.principal?.(target);
    if (!principal || principal.isShared) return false;
    return (await store.get('shared_principal', idOf(cloud, principal))) !== undefined;
  }

  async function refuse(target: Target, prefix: string, message: string): Promise<void> {
    const field = clouds[target.cloud]?.principal?.(target.target)?.field;
    if (await isUndeclared(target)) throw invalidRequest([{ path: `${prefix}${field}`, message }]);
  }

  return {
    isUndeclared,
    async declare({ cloud, target }) {
      const principal = clouds[cloud]?.principal?.(target);
      if (principal?.isShared) await store.insert('shared_principal', idOf(cloud, principal), {});
      await refuse(
        { cloud, target },
        'target.',
        'is an application that customers share; set consent_redirect_uri too, or give the identity of this customer',
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
