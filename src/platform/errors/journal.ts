/** Errors of the audit log as a verifiable log; see docs/audit-proofs.md. */
export const journalRows = {
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
