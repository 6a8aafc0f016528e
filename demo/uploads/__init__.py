"""Documents that people upload, as plain text. Knows no model, no page, no network.

Every file is hostile until it was read: sizes are checked before anything is unpacked, and
whatever a reading library raises becomes an `UploadError` that says what is wrong. Nothing of a
document is written anywhere, neither to disk nor to a log.
"""

from demo.uploads.document import ENDINGS, read_document
from demo.uploads.limits import UploadError

__all__ = ["ENDINGS", "UploadError", "read_document"]
