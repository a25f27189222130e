"""Result rows as Parquet, typed, in row groups."""

from functools import cache
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from thoisu import __version__
from thoisu.labels import LABEL_IDS
from thoisu.results import ROW_COLUMNS, LabelledArticle

ROW_GROUP = 20_000  # rows held in memory: some 5 MB of text, large enough to compress well


class ParquetWriter:
    """Columns as strings, 32-bit integers and doubles; the label as a dictionary of five."""

    def __init__(self, stream: BinaryIO) -> None:
        self._file = pq.ParquetWriter(stream, schema(), compression="zstd")
        self._rows: list[dict[str, object]] = []

    def write(self, article: LabelledArticle) -> None:
        """Write the rows of one article once there are enough of them."""
        self._rows.extend(article.rows())
        if len(self._rows) >= ROW_GROUP:
            self._flush()

    def close(self) -> None:
        """Write the last rows, and the index at the end of the file."""
        if self._rows:
            self._flush()
        self._file.close()

    def _flush(self) -> None:
        self._file.write_table(pa.Table.from_pylist(self._rows, schema=schema()))
        self._rows.clear()


@cache
def schema() -> Any:
    """Return the types of the columns."""
    types = {
        "article": pa.string(),
        "sentence": pa.int32(),
        "paragraph": pa.int32(),
        "start": pa.int32(),
        "end": pa.int32(),
        "text": pa.string(),
        "label": pa.dictionary(pa.int8(), pa.string()),
        "confidence": pa.float64(),
        **dict.fromkeys(LABEL_IDS, pa.float64()),
    }
    return pa.schema(
        [pa.field(name, types[name], nullable=False) for name in ROW_COLUMNS],
        metadata={"thoisu": __version__},
    )
