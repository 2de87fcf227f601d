"""Results on their way to the providers whose requests they answer; no key here opens one."""
