"""What an agent does, through ports only: sign in, prove, seal, deliver, look up."""
