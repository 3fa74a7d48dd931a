"""The one place that silences TensorFlow's start-up noise.

Importing TensorFlow writes lines with times and process numbers to file descriptor 2, below
Python's own streams, before any log level applies. They would differ in every run and so spoil
the comparison of notebook outputs.
"""

import os
import sys
from contextlib import contextmanager
from functools import lru_cache

from agnbook import extras


@contextmanager
def _stderr_to_null():
    sys.stderr.flush()
    saved, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)


@lru_cache(maxsize=1)
def import_tensorflow():
    """Return `(tensorflow, tf_keras, tensorflow_probability)`, loaded without start-up noise.

    `tf_keras` is Keras 2, the version that TensorFlow Probability's layers are written for. The
    first operation runs here too, because it also logs. Errors are raised as usual.
    """
    extras.require("tensorflow", "tensorflow_probability", "tf_keras")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    with _stderr_to_null():
        import tensorflow
        import tensorflow_probability
        import tf_keras

        tensorflow.constant(0.0) + 1.0
    tensorflow.get_logger().setLevel("ERROR")
    return tensorflow, tf_keras, tensorflow_probability
