/** Projects, found by id and by number; the first use by their administrator creates them. */
import { type Outcome, ok, refuse } from './responses.ts';

export interface Project {
  readonly id: string;
  readonly number: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

export interface Projects {
  find(idOrNumber: string): Project | undefined;
  /** Parses `sandbox:PROJECT-ID:PROJECT-NUMBER`; the first use fixes the pair. */
  claim(bearer: string, now: number): Outcome<Project>;
}

export const unauthenticated = () =>
  refuse(
    'UNAUTHENTICATED',
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.',
  );

export function createProjects(): Projects {
  const projects: Project[] = [];
  const find = (idOrNumber: string) =>
    projects.find(({ id, number }) => id === idOrNumber || number === idOrNumber);
  return {
    find,
    claim(bearer, now) {
      const [, id, number] = /^sandbox:([a-z][a-z0-9-]{4,28}[a-z0-9]):(\d{1,19})$/.exec(bearer) ?? [];
      if (!id || !number) return unauthenticated();
      const known = find(id) ?? find(number);
      if (known) return known.id === id && known.number === number ? ok(known) : unauthenticated();
      const project = { id, number, createdAt: now };
      projects.push(project);
      return ok(project);
    },
  };
}
