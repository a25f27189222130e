"""``python -m thoisu`` is ``thoisu``."""

from thoisu.cli import main

main()
