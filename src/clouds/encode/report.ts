/** The request by which a file tells what came of it, for files that a program with a shell applies. */

/**
 * A POSIX script that sends `$BODY` to `$REPORT_TO`, both from its environment, and whose failure is told and is no failure
 * of the whole. Nothing is pasted into it, and nothing of it stands in a log.
 */
export const reportScript = `if printf '%s' "$BODY" | curl --silent --show-error --fail --max-time 20 --globoff \\
  --header 'content-type: application/json' --data-binary @- --output /dev/null "$REPORT_TO"; then
  printf '%s\\n' 'Reported.'
else
  printf '%s\\n' 'Not reported: send what is shown here to whoever gave you this file.' >&2
fi`;
