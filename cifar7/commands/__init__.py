"""The command line: one file a group of commands, over the same functions and folders as the pages.

Results go to stdout, everything else to stderr. Knows nothing of Streamlit or of the pages; a command
loads torch only once it has something to compute.
"""
