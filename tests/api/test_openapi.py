"""The OpenAPI document says what the routes do."""

from __future__ import annotations

from typing import Any

import pytest
from openapi_spec_validator import validate

from tests.support.web import Web


@pytest.fixture
def document(shell: Web) -> dict[str, Any]:
    return shell.app.openapi()


def test_the_document_is_valid_and_every_error_is_a_problem(document: dict[str, Any]) -> None:
    validate(document)
    assert "HTTPValidationError" not in document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"], (path, method, status)
            assert {"401", "403", "422", "503"} <= set(operation["responses"])


def test_guarded_operations_say_how_to_sign_in(document: dict[str, Any]) -> None:
    assert set(document["components"]["securitySchemes"]) == {"bearer", "cookie"}
    assert "security" not in document["paths"]["/healthz"]["get"]
    assert document["paths"]["/admin/users"]["get"]["security"] == [{"bearer": []}, {"cookie": []}]
