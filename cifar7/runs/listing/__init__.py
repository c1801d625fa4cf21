"""Many runs at a glance, for whoever lists them: what is read is kept until it changes."""
