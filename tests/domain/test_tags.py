"""ORDERS.md section 6: what the tag's layout promises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.tags import ALPHABET, MAX_SEQUENCE, is_tag, make_tag, next_epoch, normal_tag

epochs = st.sampled_from(ALPHABET)
sequences = st.integers(0, MAX_SEQUENCE)


@given(epochs, sequences)
def test_a_tag_fits_the_broker_and_its_check_symbol_holds(epoch: str, sequence: int) -> None:
    tag = make_tag(epoch, sequence)
    assert len(tag) == 10
    assert tag.isalnum()
    assert tag[0] == epoch
    assert is_tag(tag)


@given(epochs, st.lists(sequences, min_size=2, max_size=50, unique=True))
def test_different_sequences_give_different_tags(epoch: str, numbers: list[int]) -> None:
    assert len({make_tag(epoch, number) for number in numbers}) == len(numbers)


@given(epochs, sequences, st.integers(0, 9), st.sampled_from(ALPHABET))
def test_one_wrong_symbol_is_always_noticed(epoch: str, sequence: int, place: int, symbol: str) -> None:
    tag = make_tag(epoch, sequence)
    wrong = tag[:place] + symbol + tag[place + 1 :]
    assert is_tag(wrong) is (wrong == tag)


@given(epochs, sequences, st.integers(0, 7))
def test_two_swapped_neighbours_are_always_noticed(epoch: str, sequence: int, place: int) -> None:
    tag = make_tag(epoch, sequence)
    swapped = tag[:place] + tag[place + 1] + tag[place] + tag[place + 2 :]
    assert is_tag(swapped) is (swapped == tag)


@given(epochs, sequences)
def test_padding_and_small_letters_are_forgiven(epoch: str, sequence: int) -> None:
    tag = make_tag(epoch, sequence)
    assert normal_tag(f"  {tag.lower()} ") == tag


@pytest.mark.parametrize("text", ["", " ", "S7A0001", "0000000000", "TC0001", "1111111112", "IIIIIIIIII"])
def test_what_is_no_tag_of_ours_normalises_to_nothing(text: str) -> None:
    assert normal_tag(text) == ""


@pytest.mark.parametrize(("epoch", "sequence"), [("0", 1), ("", 1), ("11", 1), ("1", -1), ("1", MAX_SEQUENCE + 1)])
def test_what_does_not_fit_the_layout_is_refused(epoch: str, sequence: int) -> None:
    with pytest.raises(ValueError, match="expected"):
        make_tag(epoch, sequence)


def test_every_epoch_is_followed_by_another_until_they_are_used_up() -> None:
    walked = [ALPHABET[0]]
    while walked[-1] != ALPHABET[-1]:
        walked.append(next_epoch(walked[-1]))
    assert "".join(walked) == ALPHABET
    with pytest.raises(ValueError, match="used up"):
        next_epoch(ALPHABET[-1])
