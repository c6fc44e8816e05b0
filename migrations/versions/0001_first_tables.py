# ruff: noqa: E501
"""Create the tables of the desk."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from app.db.audit_triggers import create_statements, drop_statements
from app.db.types import Money, UtcInstant

revision = "0001"
down_revision: str | None = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_events",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.Column("actor_id", sa.String(length=32), nullable=True),
        sa.Column("actor", sa.String(length=254), nullable=False),
        sa.Column("source_address", sa.String(length=64), nullable=True),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=True),
        sa.Column("detail", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_events")),
        sa.UniqueConstraint("hash", name=op.f("uq_audit_events_hash")),
    )
    op.create_index("ix_audit_events_action", "audit_events", ["action"], unique=False)
    op.create_index("ix_audit_events_at", "audit_events", ["at"], unique=False)
    op.create_table(
        "band_readings",
        sa.Column("exchange", sa.String(length=8), nullable=False),
        sa.Column("trading_day", sa.Date(), nullable=False),
        sa.Column("read_at", UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("exchange", name=op.f("pk_band_readings")),
    )
    op.create_table(
        "broker_sessions",
        sa.Column("owner_id", sa.String(length=32), nullable=False),
        sa.Column("owner_kind", sa.String(length=8), nullable=False),
        sa.Column("user_id", sa.String(length=15), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.Column("sealed_auth_token", sa.Text(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("opened_at", UtcInstant(), nullable=True),
        sa.Column("expires_at", UtcInstant(), nullable=True),
        sa.Column("attempted_at", UtcInstant(), nullable=True),
        sa.Column("failed_attempts", sa.SmallInteger(), nullable=False),
        sa.Column("login_requested_at", UtcInstant(), nullable=True),
        sa.CheckConstraint("owner_kind IN ('client', 'dealer')", name=op.f("ck_broker_sessions_owner_kind")),
        sa.CheckConstraint(
            "state IN ('absent', 'logging_in', 'ready', 'refused', 'expired', 'unreachable')",
            name=op.f("ck_broker_sessions_state"),
        ),
        sa.PrimaryKeyConstraint("owner_id", name=op.f("pk_broker_sessions")),
    )
    op.create_index("ix_broker_sessions_state", "broker_sessions", ["state"], unique=False)
    op.create_table(
        "desk_state",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("is_armed", sa.Boolean(), nullable=False),
        sa.Column("is_killed", sa.Boolean(), nullable=False),
        sa.Column("is_reduce_only", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.Column("tag_epoch", sa.String(length=1), nullable=False),
        sa.Column("engine_epoch", sa.BigInteger(), nullable=False),
        sa.Column("limits_version", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("changed_by", sa.String(length=32), nullable=True),
        sa.Column("changed_at", UtcInstant(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_desk_state_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_state")),
    )
    op.create_table(
        "egresses",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.String(length=300), nullable=True),
        sa.Column("registered_address", sa.String(length=64), nullable=True),
        sa.Column("verified_at", UtcInstant(), nullable=True),
        sa.Column("verified_address", sa.String(length=64), nullable=True),
        sa.Column("created_at", UtcInstant(), nullable=False),
        sa.Column("updated_at", UtcInstant(), nullable=False),
        sa.CheckConstraint("kind IN ('direct', 'local_address', 'proxy')", name=op.f("ck_egresses_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_egresses")),
        sa.UniqueConstraint("name", name=op.f("uq_egresses_name")),
    )
    op.create_table(
        "hard_limits",
        sa.Column("scope", sa.String(length=8), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        sa.Column("max_order_quantity", sa.BigInteger(), nullable=True),
        sa.Column("max_order_notional", Money(), nullable=True),
        sa.Column("max_price_distance_percent", Money(), nullable=True),
        sa.Column("max_batch_notional", Money(), nullable=True),
        sa.Column("max_batch_orders", sa.Integer(), nullable=True),
        sa.Column("updated_at", UtcInstant(), nullable=False),
        sa.Column("updated_by", sa.String(length=32), nullable=True),
        sa.CheckConstraint("(scope = 'desk') = (subject_id = '')", name=op.f("ck_hard_limits_subject")),
        sa.CheckConstraint(
            "scope <> 'client' OR (max_batch_notional IS NULL AND max_batch_orders IS NULL)",
            name=op.f("ck_hard_limits_of_client"),
        ),
        sa.CheckConstraint("scope IN ('desk', 'user', 'client')", name=op.f("ck_hard_limits_scope")),
        sa.PrimaryKeyConstraint("scope", "subject_id", name=op.f("pk_hard_limits")),
    )
    op.create_table(
        "instrument_masters",
        sa.Column("exchange", sa.String(length=8), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("read_at", UtcInstant(), nullable=False),
        sa.Column("trading_day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("exchange", name=op.f("pk_instrument_masters")),
    )
    op.create_table(
        "price_bands",
        sa.Column("exchange", sa.String(length=8), nullable=False),
        sa.Column("symbol_token", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("lower", Money(), nullable=False),
        sa.Column("upper", Money(), nullable=False),
        sa.Column("trading_day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("exchange", "symbol_token", name=op.f("pk_price_bands")),
    )
    op.create_table(
        "restricted_instruments",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("symbol", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("isin", sa.String(length=12), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("added_at", UtcInstant(), nullable=False),
        sa.Column("added_by", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restricted_instruments")),
    )
    op.create_table(
        "sign_in_throttles",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("blocked_until", UtcInstant(), nullable=True),
        sa.Column("last_failure_at", UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_throttles")),
    )
    op.create_index("ix_sign_in_throttles_last_failure_at", "sign_in_throttles", ["last_failure_at"], unique=False)
    op.create_table(
        "tag_counters",
        sa.Column("epoch", sa.String(length=1), nullable=False),
        sa.Column("next_value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("epoch", name=op.f("pk_tag_counters")),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("exchange", sa.String(length=8), nullable=False),
        sa.Column("symbol_token", sa.Integer(), nullable=False),
        sa.Column("symbol", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("series", sa.String(length=4), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("lot_size", sa.Integer(), nullable=False),
        sa.Column("tick_size", Money(), nullable=False),
        sa.Column("freeze_quantity", sa.Integer(), nullable=True),
        sa.Column("expiry", sa.Date(), nullable=True),
        sa.Column("strike", Money(), nullable=True),
        sa.Column("option_type", sa.String(length=2), nullable=True),
        sa.Column("isin", sa.String(length=12), nullable=True),
        sa.Column("full_name", sa.String(length=150), nullable=False),
        sa.Column("is_suspended", sa.Boolean(), nullable=False),
        sa.Column("is_banned", sa.Boolean(), nullable=False),
        sa.Column("master_version", sa.String(length=64), nullable=False),
        sa.CheckConstraint("lot_size > 0", name=op.f("ck_tokens_lot_size")),
        sa.CheckConstraint("tick_size > 0", name=op.f("ck_tokens_tick_size")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("exchange", "symbol_token", name=op.f("uq_tokens_exchange_symbol_token")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("encrypted_totp_secret", sa.Text(), nullable=False),
        sa.Column("last_totp_step", sa.BigInteger(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcInstant(), nullable=False),
        sa.Column("updated_at", UtcInstant(), nullable=False),
        sa.CheckConstraint("role IN ('viewer', 'trader', 'approver', 'admin')", name=op.f("ck_users_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )
    op.create_table(
        "batches",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("request", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("plan_hash", sa.String(length=64), nullable=False),
        sa.Column("parent_batch_id", sa.String(length=32), nullable=True),
        sa.Column("exchange", sa.String(length=8), nullable=False),
        sa.Column("symbol_token", sa.Integer(), nullable=False),
        sa.Column("order_count", sa.Integer(), nullable=False),
        sa.Column("stop_requested_at", UtcInstant(), nullable=True),
        sa.Column("created_at", UtcInstant(), nullable=False),
        sa.CheckConstraint("kind IN ('execute', 'exit', 'retry')", name=op.f("ck_batches_kind")),
        sa.ForeignKeyConstraint(
            ["parent_batch_id"], ["batches.id"], name=op.f("fk_batches_parent_batch_id_batches"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_batches_user_id_users"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
        sa.UniqueConstraint("user_id", "idempotency_key", name=op.f("uq_batches_user_id_idempotency_key")),
    )
    op.create_index("ix_batches_created_at", "batches", ["created_at"], unique=False)
    op.create_table(
        "dealers",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("dealer_code", sa.String(length=15), nullable=False),
        sa.Column("egress_id", sa.String(length=32), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("credentials_changed_at", UtcInstant(), nullable=True),
        sa.Column("created_at", UtcInstant(), nullable=False),
        sa.Column("updated_at", UtcInstant(), nullable=False),
        sa.Column("encrypted_mofsl_api_key_interactive", sa.Text(), nullable=True),
        sa.Column("encrypted_mofsl_api_secret", sa.Text(), nullable=True),
        sa.Column("encrypted_mofsl_password", sa.Text(), nullable=True),
        sa.Column("encrypted_mofsl_two_fa", sa.Text(), nullable=True),
        sa.Column("encrypted_mofsl_totp_secret", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["egress_id"], ["egresses.id"], name=op.f("fk_dealers_egress_id_egresses"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dealers")),
        sa.UniqueConstraint("dealer_code", name=op.f("uq_dealers_dealer_code")),
    )
    op.create_table(
        "user_sessions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("source_address", sa.String(length=64), nullable=True),
        sa.Column("user_agent", sa.String(length=300), nullable=True),
        sa.Column("created_at", UtcInstant(), nullable=False),
        sa.Column("seen_at", UtcInstant(), nullable=False),
        sa.Column("expires_at", UtcInstant(), nullable=False),
        sa.Column("stepped_up_at", UtcInstant(), nullable=True),
        sa.CheckConstraint("kind IN ('cookie', 'bearer')", name=op.f("ck_user_sessions_kind")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_user_sessions_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_sessions")),
    )
    op.create_index(op.f("ix_user_sessions_user_id"), "user_sessions", ["user_id"], unique=False)
    op.create_table(
        "clients",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("mofsl_client_code", sa.String(length=15), nullable=False),
        sa.Column("dealer_id", sa.String(length=32), nullable=True),
        sa.Column("egress_id", sa.String(length=32), nullable=True),
        sa.Column("groups", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("credentials_changed_at", UtcInstant(), nullable=True),
        sa.Column("created_at", UtcInstant(), nullable=False),
        sa.Column("updated_at", UtcInstant(), nullable=False),
        sa.Column("encrypted_mofsl_api_key_interactive", sa.Text(), nullable=True),
        sa.Column("encrypted_mofsl_api_secret", sa.Text(), nullable=True),
        sa.Column("encrypted_mofsl_password", sa.Text(), nullable=True),
        sa.Column("encrypted_mofsl_two_fa", sa.Text(), nullable=True),
        sa.Column("encrypted_mofsl_totp_secret", sa.Text(), nullable=True),
        sa.CheckConstraint("shard BETWEEN 0 AND 63", name=op.f("ck_clients_shard")),
        sa.ForeignKeyConstraint(
            ["dealer_id"], ["dealers.id"], name=op.f("fk_clients_dealer_id_dealers"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["egress_id"], ["egresses.id"], name=op.f("fk_clients_egress_id_egresses"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clients")),
        sa.UniqueConstraint("mofsl_client_code", name=op.f("uq_clients_mofsl_client_code")),
    )
    op.create_index(op.f("ix_clients_dealer_id"), "clients", ["dealer_id"], unique=False)
    op.create_index("ix_clients_is_active_name", "clients", ["is_active", "name"], unique=False)
    op.create_table(
        "exit_checks",
        sa.Column("batch_id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=100), nullable=False),
        sa.Column("product", sa.String(length=20), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("message", sa.String(length=300), nullable=True),
        sa.Column("read_at", UtcInstant(), nullable=False),
        sa.Column("remaining", sa.BigInteger(), nullable=True),
        sa.Column("verified_at", UtcInstant(), nullable=True),
        sa.Column("with_demat", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_exit_checks_batch_id_batches"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("batch_id", "client_id", "product", name=op.f("pk_exit_checks")),
    )
    op.create_index("ix_exit_checks_verified_at", "exit_checks", ["verified_at"], unique=False)
    op.create_table(
        "socket_tickets",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("session_id", sa.String(length=64), nullable=False),
        sa.Column("expires_at", UtcInstant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["user_sessions.id"],
            name=op.f("fk_socket_tickets_session_id_user_sessions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_socket_tickets")),
    )
    op.create_index("ix_socket_tickets_expires_at", "socket_tickets", ["expires_at"], unique=False)
    op.create_index(op.f("ix_socket_tickets_session_id"), "socket_tickets", ["session_id"], unique=False)
    op.create_table(
        "holdings",
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("row_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("isin", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=150), nullable=False),
        sa.Column("nse_token", sa.Integer(), nullable=True),
        sa.Column("bse_token", sa.Integer(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("blocked_quantity", sa.BigInteger(), nullable=False),
        sa.Column("collateral_quantity", sa.BigInteger(), nullable=False),
        sa.Column("t1_quantity", sa.BigInteger(), nullable=False),
        sa.Column("authorised_quantity", sa.BigInteger(), nullable=False),
        sa.Column("needs_authorisation_quantity", sa.BigInteger(), nullable=False),
        sa.Column("average_price", Money(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_holdings_client_id_clients"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("client_id", "row_number", name=op.f("pk_holdings")),
    )
    op.create_index("ix_holdings_bse_token", "holdings", ["bse_token"], unique=False)
    op.create_index("ix_holdings_nse_token", "holdings", ["nse_token"], unique=False)
    op.create_table(
        "holdings_readings",
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("read_at", UtcInstant(), nullable=True),
        sa.Column("failed_at", UtcInstant(), nullable=True),
        sa.Column("failed_reason", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_holdings_readings_client_id_clients"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_holdings_readings")),
    )
    op.create_table(
        "margins",
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("available", Money(), nullable=True),
        sa.Column("free_cash", Money(), nullable=True),
        sa.Column("used", Money(), nullable=True),
        sa.Column("non_cash", Money(), nullable=True),
        sa.Column("particulars", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("profit_loss", Money(), nullable=True),
        sa.Column("read_at", UtcInstant(), nullable=True),
        sa.Column("failed_at", UtcInstant(), nullable=True),
        sa.Column("failed_reason", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_margins_client_id_clients"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_margins")),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("batch_id", sa.String(length=32), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=True),
        sa.Column("requested_client_id", sa.String(length=100), nullable=False),
        sa.Column("client_name", sa.String(length=100), nullable=False),
        sa.Column("client_code", sa.String(length=15), nullable=True),
        sa.Column("login_id", sa.String(length=32), nullable=True),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("lane", sa.SmallInteger(), nullable=False),
        sa.Column("exchange", sa.String(length=8), nullable=False),
        sa.Column("symbol_token", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(length=4), nullable=False),
        sa.Column("product", sa.String(length=12), nullable=False),
        sa.Column("order_type", sa.String(length=8), nullable=False),
        sa.Column("validity", sa.String(length=4), nullable=False),
        sa.Column("is_after_market", sa.Boolean(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("lots", sa.BigInteger(), nullable=True),
        sa.Column("lot_size", sa.Integer(), nullable=True),
        sa.Column("price", Money(), nullable=True),
        sa.Column("trigger_price", Money(), nullable=True),
        sa.Column("price_rule", sa.String(length=100), nullable=True),
        sa.Column("tag", sa.String(length=10), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("message", sa.String(length=1000), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("requeues", sa.SmallInteger(), nullable=False),
        sa.Column("attempt_epoch", sa.BigInteger(), nullable=True),
        sa.Column("sent_at", UtcInstant(), nullable=True),
        sa.Column("answered_at", UtcInstant(), nullable=True),
        sa.Column("deadline_at", UtcInstant(), nullable=False),
        sa.Column("trading_day", sa.Date(), nullable=False),
        sa.Column("broker_order_id", sa.String(length=50), nullable=True),
        sa.Column("exchange_order_id", sa.String(length=50), nullable=True),
        sa.Column("filled_quantity", sa.BigInteger(), nullable=False),
        sa.Column("average_price", Money(), nullable=True),
        sa.Column("attention", sa.String(length=300), nullable=True),
        sa.Column("pending_op", sa.String(length=8), nullable=True),
        sa.Column("pending_op_state", sa.String(length=10), nullable=True),
        sa.Column("pending_op_message", sa.String(length=300), nullable=True),
        sa.Column("pending_op_at", UtcInstant(), nullable=True),
        sa.Column("pending_op_id", sa.String(length=32), nullable=True),
        sa.Column("wanted_terms", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("terms_sent_at", UtcInstant(), nullable=True),
        sa.Column("resolution", sa.String(length=10), nullable=True),
        sa.Column("last_modified_text", sa.String(length=40), nullable=True),
        sa.Column("seen_at", UtcInstant(), nullable=True),
        sa.Column("created_at", UtcInstant(), nullable=False),
        sa.Column("updated_at", UtcInstant(), nullable=False),
        sa.CheckConstraint(
            "status <> 'queued' OR (tag IS NOT NULL AND lots IS NOT NULL)", name=op.f("ck_orders_queued_complete")
        ),
        sa.CheckConstraint(
            "status IN ('blocked', 'queued', 'lapsed', 'sending', 'unknown', 'acknowledged', 'open', 'partially_filled', 'filled', 'cancelled', 'rejected', 'expired', 'absent')",
            name=op.f("ck_orders_status"),
        ),
        sa.CheckConstraint("attempt BETWEEN 0 AND 1", name=op.f("ck_orders_one_attempt")),
        sa.CheckConstraint("filled_quantity >= 0 AND filled_quantity <= quantity", name=op.f("ck_orders_filled")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_orders_quantity")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_orders_batch_id_batches"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_orders_client_id_clients"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("batch_id", "row_number", name=op.f("uq_orders_batch_id_row_number")),
        sa.UniqueConstraint("tag", name=op.f("uq_orders_tag")),
    )
    op.create_index("ix_orders_created_at", "orders", ["created_at"], unique=False)
    op.create_index(
        "ix_orders_instrument_created_at", "orders", ["exchange", "symbol_token", "created_at"], unique=False
    )
    op.create_index(
        "ix_orders_pending_op",
        "orders",
        ["pending_op"],
        unique=False,
        sqlite_where=sa.text("pending_op IS NOT NULL"),
        postgresql_where=sa.text("pending_op IS NOT NULL"),
    )
    op.create_index("ix_orders_queue", "orders", ["status", "shard", "lane", "id"], unique=False)
    op.create_index(
        "ix_orders_requested_client_created_at", "orders", ["requested_client_id", "created_at"], unique=False
    )
    op.create_table(
        "positions",
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("exchange", sa.String(length=8), nullable=False),
        sa.Column("symbol_token", sa.Integer(), nullable=False),
        sa.Column("product", sa.String(length=20), nullable=False),
        sa.Column("symbol", sa.String(length=60), nullable=False),
        sa.Column("buy_quantity", sa.BigInteger(), nullable=False),
        sa.Column("buy_amount", Money(), nullable=False),
        sa.Column("sell_quantity", sa.BigInteger(), nullable=False),
        sa.Column("sell_amount", Money(), nullable=False),
        sa.Column("net_quantity", sa.BigInteger(), nullable=False),
        sa.Column("day_buy_quantity", sa.BigInteger(), nullable=False),
        sa.Column("day_buy_amount", Money(), nullable=False),
        sa.Column("day_sell_quantity", sa.BigInteger(), nullable=False),
        sa.Column("day_sell_amount", Money(), nullable=False),
        sa.Column("carried_buy_quantity", sa.BigInteger(), nullable=False),
        sa.Column("carried_buy_amount", Money(), nullable=False),
        sa.Column("carried_sell_quantity", sa.BigInteger(), nullable=False),
        sa.Column("carried_sell_amount", Money(), nullable=False),
        sa.Column("ltp", Money(), nullable=True),
        sa.Column("mark_to_market", Money(), nullable=False),
        sa.Column("booked_profit_loss", Money(), nullable=False),
        sa.Column("actual_mark_to_market", Money(), nullable=False),
        sa.Column("actual_booked_profit_loss", Money(), nullable=False),
        sa.Column("read_at", UtcInstant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_positions_client_id_clients"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("client_id", "exchange", "symbol_token", "product", name=op.f("pk_positions")),
    )
    op.create_table(
        "order_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("order_id", sa.String(length=32), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.Column("from_status", sa.String(length=16), nullable=True),
        sa.Column("to_status", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("actor_id", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_order_events_order_id_orders"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_events")),
    )
    op.create_index(op.f("ix_order_events_order_id"), "order_events", ["order_id"], unique=False)
    op.create_table(
        "trades",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("order_id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("exchange", sa.String(length=8), nullable=False),
        sa.Column("trade_no", sa.String(length=50), nullable=False),
        sa.Column("trading_day", sa.Date(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("price", Money(), nullable=False),
        sa.Column("traded_at", UtcInstant(), nullable=True),
        sa.Column("recorded_at", UtcInstant(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_trades_quantity")),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_trades_client_id_clients"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_trades_order_id_orders"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trades")),
        sa.UniqueConstraint(
            "exchange",
            "trade_no",
            "trading_day",
            "order_id",
            name=op.f("uq_trades_exchange_trade_no_trading_day_order_id"),
        ),
    )
    op.create_index(op.f("ix_trades_order_id"), "trades", ["order_id"], unique=False)
    # The desk starts disarmed. Its epoch symbol tells its tags from those of other desks; a restore raises it, so it
    # starts in the first half of the alphabet.
    state = sa.table(
        "desk_state",
        sa.column("id", sa.SmallInteger()),
        sa.column("is_armed", sa.Boolean()),
        sa.column("is_killed", sa.Boolean()),
        sa.column("is_reduce_only", sa.Boolean()),
        sa.column("engine_epoch", sa.BigInteger()),
        sa.column("tag_epoch", sa.String()),
        sa.column("changed_at", UtcInstant()),
    )
    op.execute(
        state.insert().values(
            id=1,
            is_armed=False,
            is_killed=False,
            is_reduce_only=False,
            engine_epoch=0,
            tag_epoch=secrets.choice("123456789ABCDEF"),
            changed_at=datetime.now(UTC),
        )
    )
    _run_each(create_statements(op.get_bind().dialect.name))


def downgrade() -> None:
    _run_each(drop_statements(op.get_bind().dialect.name))
    op.drop_index(op.f("ix_trades_order_id"), table_name="trades")
    op.drop_table("trades")
    op.drop_index(op.f("ix_order_events_order_id"), table_name="order_events")
    op.drop_table("order_events")
    op.drop_table("positions")
    op.drop_index("ix_orders_requested_client_created_at", table_name="orders")
    op.drop_index("ix_orders_queue", table_name="orders")
    op.drop_index(
        "ix_orders_pending_op",
        table_name="orders",
        sqlite_where=sa.text("pending_op IS NOT NULL"),
        postgresql_where=sa.text("pending_op IS NOT NULL"),
    )
    op.drop_index("ix_orders_instrument_created_at", table_name="orders")
    op.drop_index("ix_orders_created_at", table_name="orders")
    op.drop_table("orders")
    op.drop_table("margins")
    op.drop_table("holdings_readings")
    op.drop_index("ix_holdings_nse_token", table_name="holdings")
    op.drop_index("ix_holdings_bse_token", table_name="holdings")
    op.drop_table("holdings")
    op.drop_index(op.f("ix_socket_tickets_session_id"), table_name="socket_tickets")
    op.drop_index("ix_socket_tickets_expires_at", table_name="socket_tickets")
    op.drop_table("socket_tickets")
    op.drop_index("ix_exit_checks_verified_at", table_name="exit_checks")
    op.drop_table("exit_checks")
    op.drop_index("ix_clients_is_active_name", table_name="clients")
    op.drop_index(op.f("ix_clients_dealer_id"), table_name="clients")
    op.drop_table("clients")
    op.drop_index(op.f("ix_user_sessions_user_id"), table_name="user_sessions")
    op.drop_table("user_sessions")
    op.drop_table("dealers")
    op.drop_index("ix_batches_created_at", table_name="batches")
    op.drop_table("batches")
    op.drop_table("users")
    op.drop_table("tokens")
    op.drop_table("tag_counters")
    op.drop_index("ix_sign_in_throttles_last_failure_at", table_name="sign_in_throttles")
    op.drop_table("sign_in_throttles")
    op.drop_table("restricted_instruments")
    op.drop_table("price_bands")
    op.drop_table("instrument_masters")
    op.drop_table("hard_limits")
    op.drop_table("egresses")
    op.drop_table("desk_state")
    op.drop_index("ix_broker_sessions_state", table_name="broker_sessions")
    op.drop_table("broker_sessions")
    op.drop_table("band_readings")
    op.drop_index("ix_audit_events_at", table_name="audit_events")
    op.drop_index("ix_audit_events_action", table_name="audit_events")
    op.drop_table("audit_events")


def _run_each(statements: Sequence[str]) -> None:
    for statement in statements:
        op.execute(statement)
