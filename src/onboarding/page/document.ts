/** The HTML document around every page. */
import { script, style } from './assets.ts';
import { type Html, html } from './html.ts';

export interface Frame {
  /** URL path of the style and script: the issuer's path and `/connect/assets`. */
  readonly assets: string;
}

/** A complete document. `live` adds the script. */
export const documentOf = (
  { assets }: Frame,
  title: string,
  body: Html,
  { live = false }: { live?: boolean } = {},
): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex, nofollow">
<title>${title}</title>
<link rel="stylesheet" href="${`${assets}/${style.name}`}">
${live ? html`<script src="${`${assets}/${script.name}`}" defer></script>` : undefined}
</head>
<body>
${body}
</body>
</html>
`.html;

/** A short message page, such as for an invalid link or an error. */
export const plainPage = (
  frame: Frame,
  title: string,
  paragraphs: readonly string[],
  back?: string,
): string =>
  documentOf(
    frame,
    title,
    html`<main class="plain"><h1>${title}</h1>${paragraphs.map((line) => html`<p>${line}</p>`)}${back && html`<p><a href="${back}">Back to the page</a></p>`}</main>`,
  );
