/**
 * Whether this version knows everything that a stored document says. A newer version may have written a restriction into it, and
 * a replica that ignored it would allow what the newer one refuses.
 */
import type { z } from 'zod';

/**
 * The first member or value that the schema does not know, as a path; undefined if it knows all. A value that only breaks a limit
 * is known: limits may be tightened, and stored documents stay valid.
 */
export function unknownPart(schema: z.ZodType, value: unknown): string | undefined {
  const parsed = schema.safeParse(value, { reportInput: true });
  return parsed.success ? undefined : firstUnknown(parsed.error.issues);
}

function firstUnknown(issues: readonly z.core.$ZodIssue[]): string | undefined {
  for (const issue of issues) {
    const found = unknownAt(issue);
    if (found !== undefined) return [...issue.path, ...found].map(String).join('.');
  }
  return undefined;
}

/** What is unknown below the path of the issue; undefined if nothing is. */
function unknownAt(issue: z.core.$ZodIssue): readonly string[] | undefined {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.slice(0, 1);
    case 'invalid_value':
      return [];
    case 'invalid_type':
      // A member that an earlier version did not write.
      return issue.input === undefined ? undefined : [];
    case 'invalid_union': {
      const branches = issue.errors.map(firstUnknown);
      return branches.every((branch) => branch !== undefined) ? branches.slice(0, 1) : undefined;
    }
    default:
      return undefined;
  }
}
