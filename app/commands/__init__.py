"""What each `desk` command does. `app.cli` names the commands and their options, and imports these when asked."""
