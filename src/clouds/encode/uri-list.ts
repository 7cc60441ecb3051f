/** A file that contains one link (RFC 2483 section 5). */
import type { SetupFile } from '../contract/index.ts';

export const uriList = (name: string, uri: string, title: string): SetupFile => ({
  name,
  mediaType: 'text/uri-list',
  title,
  content: `${uri}\r\n`,
});
