"""What is known of torch: its layers and functions, their arguments, and what they do to a map."""
