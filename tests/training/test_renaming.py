import pytest

from model.training.pseudo import PseudoPairs, pseudo_rows
from model.training.renaming import RARE, Names, renamed_rows
from model.training.rows import Row

TEXTS = (
    "The ferry from Karsund carried Mr Aalto and Lena. He thanked Lena's crew for the Quintor app.",
    "Buses between Hamnes and the coast stop early, said Mrs Diop, and Omar agreed with Ms Diop.",
    "Police in Odda asked Dr Penn about the Zemtek files on Friday.",
)
ROWS = [
    Row(TEXTS[0], "Lena's crew took Aalto from Karsund", "headline", "news", "CC0-1.0"),
    Row(TEXTS[1], "Diop says buses from Hamnes stop early", "headline", "blog"),
    Row(TEXTS[2], "Police in Odda ask about files", "headline", "blog"),
]


def test_names_are_told_apart_by_their_company():
    assert Names.of(TEXTS).kinds == {
        "Karsund": "place", "Hamnes": "place", "Odda": "place", "Aalto": "last", "Diop": "last",
        "Penn": "last", "Lena": "first", "Omar": "first", "Quintor": "other", "Zemtek": "other",
    }  # fmt: skip


def test_source_and_target_get_the_same_names_of_the_same_kind():
    names = Names.of(TEXTS)
    new = names.renamed(ROWS[0], 0)
    assert new is not None
    assert (new.style, new.set, new.licence) == ("headline", "news", "CC0-1.0")
    words = new.source.replace("'s", "").replace(".", "").split()
    place, last, first, firm = words[3], words[6], words[8], words[-2]
    assert place in {"Hamnes", "Odda"}
    assert last in {"Diop", "Penn"}
    assert (first, firm) == ("Omar", "Zemtek")
    assert new.target == f"Omar's crew took {last} from {place}"
    assert f"He thanked {first}'s crew" in new.source


def test_copies_differ_and_are_the_same_every_time():
    texts = [f"The road to {name}fjord is closed." for name in ("Aal", "Bru", "Cor", "Dag", "Elv")]
    rows = [Row(text, text, "tldr", "news") for text in texts]
    made = list(renamed_rows(rows, 3))
    assert made == list(renamed_rows(rows, 3))
    assert len(made) == 3 * len(rows)
    assert len({row.source for row in made[::5]}) > 1
    assert all(new.source not in (old.source, "") for new, old in zip(made, rows * 3, strict=True))


@pytest.mark.parametrize(
    "text",
    [
        "Nobody here has a name.",
        "They met in Berlin on Monday, as the NATO does.",  # known to everybody, or no word
        "They met in Mercia, and mercia is written small, too.",
    ],
)
def test_what_is_no_invented_name_stays(text):
    row = Row(text, text, "tldr", "news")
    names = Names.of([*TEXTS, text])
    assert names.renamed(row, 0) is None
    assert list(renamed_rows([row], 2)) == []


def test_a_word_of_many_texts_is_no_invented_name():
    def texts(count: int) -> list[str]:
        return [f"They met in Mercia, number {number}." for number in range(count)]

    assert "Mercia" in Names.of(texts(RARE)).kinds
    assert "Mercia" not in Names.of(texts(RARE + 1)).kinds


def test_a_name_without_another_of_its_kind_stays():
    text = "They met in Mercia."
    assert Names.of([text]).renamed(Row(text, text, "tldr", "news"), 0) is None


def test_pairs_of_the_named_sets_alone_are_copied():
    made = pseudo_rows(ROWS, PseudoPairs(renamed=2, renamed_sets=("blog",)))
    assert [row.set for row in made] == ["blog"] * 4
    assert len(pseudo_rows(ROWS, PseudoPairs(renamed=1))) == 3
    with pytest.raises(ValueError, match="renamed must be 0 or more, got -1"):
        PseudoPairs(renamed=-1)
