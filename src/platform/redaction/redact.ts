/** Removes what looks like a secret from a text that another machine wrote, and shortens it. */

const maxLength = 400;

/**
 * Redacts tokens, including tokens broken into lines, and other long secrets. Key ids (43 characters, or 64 hex characters
 * from Entra) and names stay. A slash occurs in base64 and in resource names, so text with a slash counts as base64 only if it
 * also has a plus or ends in an equals sign.
 */
export function redact(text: string): string {
  return text
    .replace(/\p{Cc}+/gu, ' ')
    .replace(/(eyJ|ya29\.)[\w.-]*( +[\w.-]{20,})*/g, '[token]')
    .replace(/[\w+=~-]{48,}/g, (text) => (/^[0-9A-F]{64}$/.test(text) ? text : '[removed]'))
    .replace(/[\w+/=~-]{48,}/g, (text) => (/\+|=$/.test(text) ? '[removed]' : text))
    .trim()
    .slice(0, maxLength);
}
