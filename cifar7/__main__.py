"""The command line: `python -m cifar7 ...`."""

import sys

from cifar7.commands.parser import main

sys.exit(main())
