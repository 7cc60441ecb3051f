/** Projects: made when their administrator first names them, known by id and by number. */
import { made, type Outcome, refuse } from './answers.ts';

export interface Project {
  readonly id: string;
  readonly number: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

export interface Projects {
  find(idOrNumber: string): Project | undefined;
  /** Reads `sandbox:PROJECT-ID:PROJECT-NUMBER`; the pair is fixed by its first use. */
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
      if (known) return known.id === id && known.number === number ? made(known) : unauthenticated();
      const project = { id, number, createdAt: now };
      projects.push(project);
      return made(project);
    },
  };
}
