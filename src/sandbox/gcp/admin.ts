/** The customer's administrator at the management APIs: `Authorization: Bearer sandbox:PROJECT-ID:PROJECT-NUMBER`. */
import type { SandboxRequest } from '../contract.ts';
import { denied, made, type Outcome } from './answers.ts';
import type { Estate } from './estate.ts';
import { principalOf } from './principal.ts';
import type { Project } from './projects.ts';

/** The project of the path, when it is the caller's own; `resource` and `permission` are named in the refusal. */
export function administered(
  request: SandboxRequest,
  estate: Estate,
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
    const principal = principalOf(authorization, estate);
    return principal.ok ? refused() : principal;
  }
  const claimed = estate.projects.claim(bearer, estate.world.now());
  if (!claimed.ok) return claimed;
  const { id, number } = claimed.value;
  return [id, number, '-'].includes(project) ? made(claimed.value) : refused();
}
