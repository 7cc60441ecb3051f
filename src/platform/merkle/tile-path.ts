/** The path of a tile: `tile/LEVEL/INDEX`, for a partial one with `.p/WIDTH` (C2SP tlog-tiles). */
import { tileWidth } from './tile.ts';

export interface TilePath {
  readonly level: number;
  readonly index: number;
  readonly width: number;
}

/** Groups of three digits, all but the last after an `x`: 1234067 is `x001/x234/067`. */
export function tilePath({ level, index, width }: TilePath): string {
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const groups = padded.match(/\d{3}/g)!.map((group, i, all) => (i < all.length - 1 ? `x${group}` : group));
  return `tile/${level}/${groups.join('/')}${width === tileWidth ? '' : `.p/${width}`}`;
}

/** Five groups: 10^15 tiles are more than the safe integers can number leaves for. */
const form = /^tile\/(\d{1,2})\/((?:x\d{3}\/){0,4}\d{3})(?:\.p\/(\d{1,3}))?$/;

/** Undefined for any text that `tilePath` does not write. */
export function parseTilePath(text: string): TilePath | undefined {
  const [, level, groups, width] = form.exec(text) ?? [];
  if (level === undefined || groups === undefined) return undefined;
  const path = {
    level: Number(level),
    index: Number(groups.replace(/[x/]/g, '')),
    width: width === undefined ? tileWidth : Number(width),
  };
  const valid = path.level <= 63 && path.width >= 1 && path.width <= tileWidth;
  return valid && tilePath(path) === text ? path : undefined;
}
