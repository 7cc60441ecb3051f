/** Errors of the audit log as a verifiable log, and of a store that lost parts of it. */
export const journalRows = {
  store_rolled_back: {
    status: 503,
    oauth: 'temporarily_unavailable',
    title: 'The store has lost acknowledged writes, so the server issues nothing.',
    advice:
      'Restore a backup, or run `sojourn store accept-rollback` on the server; /readyz and its log say what is lost.',
  },
  store_not_rolled_back: {
    status: 409,
    title: 'The store has all that this replica has seen, so there is nothing to accept.',
    advice: 'Run the command on the replica whose /readyz reports the loss, with its configuration.',
  },
  journal_damaged: {
    status: 500,
    title: 'The audit log is damaged: its lines or hashes do not match its signed checkpoint.',
    advice: 'Compare the log with a backup or an export, then restore. Sojourn changed nothing.',
  },
  audit_not_sealed: {
    status: 404,
    title: 'The audit log is not sealed so far.',
    advice: 'Try again in a second; if it stays so, /readyz of the server has the reason.',
  },
  checkpoint_invalid: {
    status: 400,
    title: 'The checkpoint is invalid.',
    advice: 'Get the checkpoint and its key from the server again.',
  },
} as const;
