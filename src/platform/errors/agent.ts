/** The rows of the table for the agent beside a workload; see docs/agent.md. */
export const agentRows = {
  agent_forbidden: {
    status: 403,
    title: 'The agent does not hand anything to this caller.',
    advice:
      'Send what the file `authorization` in the directory of the agent holds, to its own address, and from no web page.',
  },
  agent_not_ready: {
    status: 424,
    title: 'The agent holds nothing for this connection at this moment.',
    advice: 'See `sojourn agent status`.',
  },
  agent_unreachable: {
    status: 503,
    title: 'No agent answers.',
    advice: 'Start it with `sojourn agent --config FILE`, or name its directory with --agent.',
  },
  agent_file_unwritable: {
    status: 500,
    title: 'A file of the agent cannot be written.',
    advice: 'Check that the disk has room and that the agent may write to its directory.',
  },
  agent_token_ttl_too_short: {
    status: 500,
    title: 'The tokens of a connection end too soon for the program that reads them.',
    advice: 'Raise `token_ttl` of the connection.',
  },
  agent_clock_skew: {
    status: 500,
    title: 'What the server just gave is over already by the clock of this machine.',
    advice: 'Set the clock of this machine (NTP), or that of the server.',
  },
} as const;
