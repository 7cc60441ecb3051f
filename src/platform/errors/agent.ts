/** Errors of the agent that runs next to a workload; see docs/agent.md. */
export const agentRows = {
  agent_forbidden: {
    status: 403,
    title: 'The agent refuses this caller.',
    advice:
      'Send the content of the file `authorization` from the directory of the agent as the header `Authorization`, to the address of the agent itself, and not from a web page.',
  },
  agent_not_ready: {
    status: 424,
    title: 'The agent has no credentials or token for this connection at the moment.',
    advice: 'Run `sojourn agent status` to see the reason.',
  },
  agent_unreachable: {
    status: 503,
    title: 'The agent cannot be reached.',
    advice: 'Start the agent with `sojourn agent --config FILE`, or pass its directory with --agent.',
  },
  agent_file_unwritable: {
    status: 500,
    title: 'The agent cannot write one of its files.',
    advice: 'Check that the disk has free space and that the agent may write to its directory.',
  },
  service_settings_unsafe: {
    status: 502,
    title: 'The server sent files or variables that this machine does not accept.',
    advice:
      'Correct `client` in the preset of the service, and check that the issuer is your Sojourn server.',
  },
  agent_token_ttl_too_short: {
    status: 500,
    title: 'The tokens of the connection expire too soon for the program that reads them.',
    advice: 'Raise `token_ttl` of the connection.',
  },
  agent_clock_skew: {
    status: 500,
    title: 'According to the clock of this machine, the new credentials or token have already expired.',
    advice: 'Synchronize the clock of this machine or of the server (NTP).',
  },
} as const;
