"""No answer of the API has a field for a credential."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator

from pydantic import BaseModel, SecretBytes, SecretStr

import app.api
import app.schemas
from app.schemas.base import ReadModel
from app.schemas.identity import ShownOnce

_FORBIDDEN = re.compile(
    r"password|passwd|secret|two_?fa|totp|api_?key|access_?token|auth_?token|encrypted|sealed|credential(?!s_changed_at)"
    r"|hash(?!$)|private|fernet|jwt|cookie|dob|pan$"
)
_PLAIN_HASHES = {"plan_hash", "previous_hash"}  # of plans and audit events, not of passwords


def _models() -> Iterator[type[BaseModel]]:
    for package in (app.schemas, app.api):
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            for _name, value in inspect.getmembers(importlib.import_module(found.name), inspect.isclass):
                if issubclass(value, BaseModel):
                    yield value


def test_no_read_model_has_a_field_for_a_credential() -> None:
    read = {model for model in _models() if issubclass(model, ReadModel)}
    assert len(read) > 5
    for model in read:
        fields = {name for name, info in model.model_fields.items() if info.annotation is not bool}  # `has_…` is fine
        named = {name for name in fields if _FORBIDDEN.search(name)} - _PLAIN_HASHES
        assert named == set(), f"{model.__name__} shows {named}"
        kinds = {info.annotation for info in model.model_fields.values()}
        assert not kinds & {SecretStr, SecretBytes}


def test_secrets_that_are_shown_once_are_few_and_known() -> None:
    shown = {model.__name__ for model in _models() if issubclass(model, ShownOnce) and model is not ShownOnce}
    assert shown == {"AccessTokenIssued", "DemoFormRead", "UserShownOnce"}


def test_no_model_shows_its_input_in_an_error() -> None:
    requests = [model for model in _models() if model.model_config.get("strict")]
    assert requests
    assert all(model.model_config.get("hide_input_in_errors") for model in requests)
