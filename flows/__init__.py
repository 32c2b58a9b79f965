"""How it runs: settings, wiring, Prefect flows and the command line."""
