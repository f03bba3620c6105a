"""JSON from strangers."""

import json

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msd.backend_api.http.client import Answer
from msd.backend_api.http.json import decode, mended
from msd.errors import BackendError, BadResponseError, UnreachableError
from msd.models import StatusReason


class Shape(msgspec.Struct):
    a: int


def answer(body, content_type="application/json; charset=utf-8"):
    return Answer(status=200, headers=httpx.Headers({"content-type": content_type}), body=body)


@pytest.mark.parametrize(
    "content_type", ["application/json", 'application/json; profile="CamelCase"', "text/x+json"]
)
def test_json_is_read_by_its_content_type(content_type):
    """Json is read by its content type (K5).

    The shape is checked, members not asked for are ignored.
    """
    assert Shape(a=1) == decode(answer(b'{"a":1,"b":{}}', content_type), Shape)


@pytest.mark.parametrize("content_type", ["text/html", "", "text/plain"])
def test_another_content_type_is_another_server(content_type):
    """Another content type is another server (S2).

    Captive portals and proxies answer 200 with a page.
    """
    with pytest.raises(UnreachableError) as caught:
        decode(answer(b'{"a":1}', content_type), Shape)

    assert caught.value.reason is StatusReason.NOT_A_MEDIA_SERVER


@pytest.mark.parametrize("body", [b"", b"{", b'{"a":', b'{"a":1'])
def test_text_that_ends_early_is_a_broken_connection(body):
    """Text that ends early is a broken connection (S2).

    Truncated by a proxy or a restart; worth another try.
    """
    with pytest.raises(UnreachableError) as caught:
        decode(answer(body), Shape)

    assert caught.value.reason is StatusReason.SERVER_ERROR


@pytest.mark.parametrize(
    "body",
    [b'{"a":"1"}', b"[]", b"null", b"{}", b'{"a":1} x', b"\xff", b'{"a":1e400}', b"["
     * 200_000, b'{"b":' + b"[" * 200_000 + b"]" * 200_000 + b',"a":1}'],
    ids=range(9),
)  # fmt: skip
def test_json_of_another_shape_or_depth_is_a_bad_response(body):
    """Bad input: wrongly typed, deep or broken JSON is one typed error."""
    with pytest.raises(BadResponseError):
        decode(answer(body), Shape)


def test_half_a_surrogate_pair_costs_one_character_not_the_page():
    """Bad input: lone surrogates in titles."""
    body = rb'["\ud83d\ude00", "a\ud800", "\udc00b", "\\ud800"]'

    assert decode(answer(body), list[str]) == ["😀", "a\ufffd", "\ufffdb", "\\ud800"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'["a\xff"]', "a\ufffd"),
        (b'["a\x00b"]', "a b"),
        (b'["\xc3\xa9\n"]', "é "),
    ],
)
def test_broken_text_costs_one_character_not_the_page(body, expected):
    """Bad input: bytes of file names that are no UTF-8, and control characters."""
    assert decode(answer(body), list[str]) == [expected]


def test_numbers_in_quotes_are_numbers_only_where_that_is_allowed():
    """Some servers change the types of their scalars from version to version."""
    body = answer(b'{"a":"1"}')

    assert Shape(a=1) == decode(body, Shape, strict=False)
    with pytest.raises(BadResponseError):
        decode(body, Shape)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_mending_changes_no_sound_json(document):
    """Mending is for half pairs only."""
    body = json.dumps(document).encode()

    assert body == mended(body)


@given(st.text(alphabet=st.characters(categories=["Cs", "L", "Po"])))
def test_whatever_text_was_escaped_it_can_be_read(text):
    """Whatever text was escaped it can be read (K5).

    No spelling of a title makes a page unreadable.
    """
    body = json.dumps([text]).encode()

    [found] = decode(answer(body), list[str])

    assert found.encode() is not None


@given(st.binary(max_size=64))
def test_any_bytes_are_a_value_or_one_typed_error(body):
    """Any bytes are a value or one typed error (K5).

    Nothing else ever comes out.
    """
    try:
        decode(answer(body), dict[str, int])
    except BackendError:
        return
