/** The frame around every page. */
import { script, style } from './assets.ts';
import { type Html, html } from './html.ts';

export interface Frame {
  /** Where the page's own files are: the path of the issuer and `/connect/assets`. */
  readonly assets: string;
}

/** A whole document, with or without the script. */
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

/** A page of a few words: nothing here, wait, something failed. */
export const plainPage = (frame: Frame, title: string, say: readonly string[], back?: string): string =>
  documentOf(
    frame,
    title,
    html`<main class="plain"><h1>${title}</h1>${say.map((line) => html`<p>${line}</p>`)}${back && html`<p><a href="${back}">Back to the page</a></p>`}</main>`,
  );
