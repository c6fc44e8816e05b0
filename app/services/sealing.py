"""Seals the secrets of a login, each bound to its owner's row and its column."""

from __future__ import annotations

from app.domain.credentials import CREDENTIAL_COLUMNS, Secrets
from app.domain.ports.sealing import SecretSealer


def sealed_values(sealer: SecretSealer, owner_id: str, secrets: Secrets) -> dict[str, str]:
    """Return column name to sealed text, for the secrets that were given."""
    return {
        CREDENTIAL_COLUMNS[name]: sealer.seal(value, owner_id=owner_id, field=CREDENTIAL_COLUMNS[name])
        for name, value in secrets.given().items()
    }
