"""The pieces of MOFSL's wire contract: endpoints, headers, credentials, answers, transports."""
