"""Large values on their way to the browser: they come back whole, and small."""

from __future__ import annotations

from demo.values.packed import packed
from tests.demo.made import unpacked


def test_a_packed_value_comes_back_as_it_was() -> None:
    value = {"text": "Café 東京 🙂 </script>", "numbers": [1, 0.25, None], "flag": True}
    assert unpacked(packed(value)) == value
    assert unpacked(packed({})) == {}


def test_a_value_of_many_like_parts_gets_much_smaller() -> None:
    value = {"words": [{"gap": " ", "text": f"word{place}"} for place in range(1_000)]}
    assert len(packed(value)["packed"]) < len(str(value)) / 4
