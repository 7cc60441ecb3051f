/**
 * Principals that all customers share, such as an application of the vendor. Each customer's cloud trusts one for the vendor's
 * other customers too, so a target that names one must declare it: then only the vendor chooses the customer's side. An
 * exclusive principal, such as an audience at a service that does not check the subject, is that of one tenant.
 */
import { z } from 'zod';
import { clouds } from '../../clouds/index.ts';
import { invalidRequest } from '../../platform/errors/index.ts';
import { type Store, unknownDocument, unknownPart } from '../../platform/store/index.ts';
import type { Connection } from './connection.ts';

type Target = Pick<Connection, 'cloud' | 'target' | 'tenant'>;

/** A principal that a target must not name. */
export interface UndeclaredPrincipal {
  /** `shared`: the target does not declare it. `exclusive`: it belongs to another tenant. */
  readonly kind: 'shared' | 'exclusive';
  /** Of the target. */
  readonly field: string;
  readonly detail: string;
  readonly advice: string;
}

export interface SharedPrincipals {
  /** Undefined if the connection may use the principal of its target. */
  undeclared(target: Target): Promise<UndeclaredPrincipal | undefined>;
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

/** As it is stored. */
const declaration = z.strictObject({ tenant: z.string().exactOptional() });

export function createSharedPrincipals(store: Store): SharedPrincipals {
  async function undeclared({ cloud, target, tenant }: Target): Promise<UndeclaredPrincipal | undefined> {
    const principal = clouds[cloud]?.principal?.(target);
    if (!principal || principal.isShared) return undefined;
    const id = principal.id;
    const declared = await store.get<{ tenant?: string }>('shared_principal', id);
    const part = declared && unknownPart(declaration, declared.value);
    if (part !== undefined) throw unknownDocument('shared_principal', id, part);
    if (!declared || declared.value.tenant === tenant) return undefined;
    const kind = declared.value.tenant === undefined ? 'shared' : 'exclusive';
    return { kind, field: principal.field, ...texts[kind] };
  }

  async function refuse(
    target: Target,
    prefix: string,
    messageOf: (kind: UndeclaredPrincipal['kind']) => string,
  ): Promise<void> {
    const principal = await undeclared(target);
    if (principal)
      throw invalidRequest([{ path: `${prefix}${principal.field}`, message: messageOf(principal.kind) }]);
  }

  return {
    undeclared,
    async declare({ cloud, target, tenant }) {
      const principal = clouds[cloud]?.principal?.(target);
      if (principal?.isShared || principal?.isExclusive)
        await store.insert('shared_principal', principal.id, principal.isExclusive ? { tenant } : {});
      await refuse({ cloud, target, tenant }, 'target.', (kind) =>
        kind === 'exclusive'
          ? 'belongs to another tenant, whose service does not check the subject; each tenant needs its own'
          : 'is an application that customers share; set consent_redirect_uri too, or give the identity of this customer',
      );
    },
    refuseReported: (target) =>
      refuse(target, '', (kind) =>
        kind === 'exclusive'
          ? 'cannot be used here. Choose another one'
          : 'is an application of the vendor. Report the identity that the set-up created in your account',
      ),
  };
}

const texts = {
  shared: {
    detail: 'The connection names an application that customers share, and does not declare it.',
    advice:
      'Give the identity that belongs to this customer, or set `consent_redirect_uri`, `tenant_id` and `client_id` with `sojourn connection update ID`.',
  },
  exclusive: {
    detail:
      'The connection names an audience that belongs to another tenant, whose service does not check the subject.',
    advice:
      'Give the customer an audience of their own, at the service and with `sojourn connection update ID`.',
  },
};
