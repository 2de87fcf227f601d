"""The commands of the command line, one module each; whatever is heavy is loaded when it runs."""
