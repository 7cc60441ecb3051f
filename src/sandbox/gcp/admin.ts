/**
 * Authenticates the customer's administrator for the management APIs: `Authorization: Bearer
 * sandbox:PROJECT-ID:PROJECT-NUMBER`.
 */
import type { SandboxRequest } from '../contract.ts';
import type { CloudState } from './cloud-state.ts';
import { principalOf } from './principal.ts';
import type { Project } from './projects.ts';
import { denied, type Outcome, ok } from './responses.ts';

/** The project of the path, if it is the caller's; the refusal names `resource` and `permission`. */
export function administered(
  request: SandboxRequest,
  state: CloudState,
  project: string,
  resource: string,
  permission: string,
): Outcome<Project> {
  const { authorization } = request.headers;
  const bearer = /^Bearer (sandbox:\S*)$/i.exec(authorization ?? '')?.[1];
  const refused = () =>
    denied(
      permission,
      `Permission '${permission}' denied on resource '//iam.googleapis.com/${resource}' (or it may not exist).`,
    );
  if (bearer === undefined) {
    const principal = principalOf(authorization, state);
    return principal.ok ? refused() : principal;
  }
  const claimed = state.projects.claim(bearer, state.runtime.now());
  if (!claimed.ok) return claimed;
  const { id, number } = claimed.value;
  return [id, number, '-'].includes(project) ? ok(claimed.value) : refused();
}
