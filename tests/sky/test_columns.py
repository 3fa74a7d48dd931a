"""Every column of 4LAC is explained, and nothing else."""

import pytest

from agnbook.sky import catalogs, columns, features


@pytest.mark.needs("4lac-dr3-h", "4lac-dr3-l")
@pytest.mark.parametrize("name", ["4lac-dr3-h", "4lac-dr3-l"])
def test_every_column_of_the_file_is_explained(name):
    assert set(columns.MEANINGS) == set(catalogs.read(name).columns)


def test_the_features_are_among_the_columns():
    assert set(features.REDSHIFT_FEATURES) < set(columns.MEANINGS)
    assert sum(map(len, columns.COLUMNS_4LAC.values())) == len(columns.MEANINGS) == 41
