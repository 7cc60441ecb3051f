/**
 * A literal string of an ARM template. Only text in `[` and `]` is an expression, and a second `[` escapes it; text that does
 * not end in `]` must not be escaped
 * (learn.microsoft.com/azure/azure-resource-manager/templates/template-expressions, "Escape characters").
 */
export function armString(text: string): string {
  return text.startsWith('[') && text.endsWith(']') ? `[${text}` : text;
}
