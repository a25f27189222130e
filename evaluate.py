#!/usr/bin/env python3
"""Measure a model on labelled articles: the same program as ``thoisu evaluate``.

python evaluate.py --model models/thoisu-small --data data/test.jsonl --report report/
"""

import sys

try:
    from thoisu.cli import main
except ModuleNotFoundError as missing:
    sys.exit(
        f"evaluate.py: {missing.name} is not installed for {sys.executable};"
        " `make label` sets up .venv, then run .venv/bin/python evaluate.py"
    )

if __name__ == "__main__":
    sys.argv = ["thoisu", "evaluate", *sys.argv[1:]]
    main()
