/** A key of the configuration, and the tree of keys in the file. */
import { z } from 'zod';

export interface Setting<T = unknown> {
  readonly field: z.ZodType<T>;
  /** For docs/configuration.md. */
  readonly about: string;
  /** The default, spelled as in the file; a key without a default is required. */
  readonly initial?: unknown;
}

export const key = <T>(field: z.ZodType<T>, initial: unknown, about: string): Setting<T> => ({
  field,
  initial,
  about,
});

export interface Shape {
  readonly [name: string]: Setting | Shape;
}

/** The values of a shape. */
export type Values<S> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : Values<S[K]>;
};

/** The values of a shape while some keys may be invalid; those are undefined. */
export type PartialValues<S> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T | undefined : PartialValues<S[K]>;
};

export type Path = readonly string[];

export const isSetting = (part: Setting | Shape): part is Setting => part.field instanceof z.ZodType;

/** Every key, in the order of the file. */
export function settingsOf(shape: Shape, above: Path = []): { path: Path; setting: Setting }[] {
  return Object.entries(shape).flatMap(([name, part]) => {
    const path = [...above, name];
    return isSetting(part) ? [{ path, setting: part }] : settingsOf(part, path);
  });
}

/** `listen.public` is `SOJOURN_LISTEN_PUBLIC`. */
export const variableOf = (path: Path): string => ['SOJOURN', ...path].join('_').toUpperCase();
