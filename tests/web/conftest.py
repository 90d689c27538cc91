"""An application over a fresh database, for both halves of the screens' tests."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from web.app import create_app
from web.ports import WebPorts
from workflow.store import schema


@pytest.fixture
def office(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'web.sqlite'}")
    schema.metadata.create_all(engine)
    clock = SimpleNamespace(now=lambda: datetime(2026, 11, 20, 2, 0, tzinfo=UTC))
    yield SimpleNamespace(engine=engine, reading=engine.connect, clock=clock)
    engine.dispose()


@pytest.fixture
def app(office):
    return create_app(WebPorts(office=office, secret_key="t" * 40, rate_limits=False))


@pytest.fixture
def client(app):
    return app.test_client()
