"""The quiet import."""

import subprocess
import sys

import pytest


@pytest.mark.slow
def test_importing_tensorflow_is_silent():
    code = (
        "from agnbook.chapter.tensorflow import import_tensorflow; tf, keras, tfp = import_tensorflow(); "
        "print(keras.__version__[0], tf.add(1, 1).numpy())"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert (run.stdout.strip(), run.stderr, run.returncode) == ("2 2", "", 0)
