"""Where things are, for tests in any folder."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
APP = ROOT / "streamlit_app.py"
SHARED = ROOT.parent / "shared" / "data" / "cifar10-jpeg.tar.xz"  # real CIFAR-10 as JPEG files
CASES = ROOT.parent / "shared" / "cases" / "networks"  # networks of students, and what is true of them
