/** The page's style and script. Their names contain a hash of the content, so browsers may cache them forever. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Asset {
  /** `page-8f14e45f.css` */
  readonly name: string;
  readonly mediaType: string;
  readonly body: Buffer;
}

function asset(file: string, mediaType: string): Asset {
  const body = readFileSync(join(import.meta.dirname, 'assets', file));
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 16);
  return { name: file.replace('.', `-${hash}.`), mediaType, body };
}

export const style = asset('page.css', 'text/css; charset=utf-8');
export const script = asset('page.js', 'text/javascript; charset=utf-8');

export const assets: readonly Asset[] = [style, script];
