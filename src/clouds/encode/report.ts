/** The set-up report of files that are applied by a program with a shell. */

/**
 * A POSIX script that sends `$BODY` to `$REPORT_TO`, both from its environment. It prints a failure, but does not make the
 * set-up fail. No value is inserted into it, and it logs no value.
 */
export const reportScript = `if printf '%s' "$BODY" | curl --silent --show-error --fail --max-time 20 --globoff \\
  --header 'content-type: application/json' --data-binary @- --output /dev/null "$REPORT_TO"; then
  printf '%s\\n' 'Reported.'
else
  printf '%s\\n' 'Not reported: send the ids shown here to the sender of this file.' >&2
fi`;
