"""What both generations share, and what bridges them: the command line, schedules, adapters, traces, the proof."""
