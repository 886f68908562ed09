"""when a dedicated endpoint was up, and where its seconds went"""

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'


def upgrade() -> None:
    op.create_table(
        'endpoint_uptimes',
        sa.Column('id', sa.String(length=26), nullable=False),
        sa.Column('endpoint', sa.String(length=16), nullable=False),
        sa.Column('worker', sa.String(length=120), nullable=False),
        sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('ready_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('woken', sa.Boolean(), nullable=False),
        sa.Column('covered_until', sa.DateTime(timezone=True), nullable=True),
        sa.Column('last_request_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('wake_ms', sa.Integer(), nullable=False),
        sa.Column('drawn_ms', sa.Integer(), nullable=False),
        sa.Column('idle_ms', sa.Integer(), nullable=False),
        sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('outcome', sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_endpoint_uptimes')))
    op.create_index('ux_endpoint_uptimes_open', 'endpoint_uptimes', ['endpoint'], unique=True,
                    sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))
    op.create_index('ix_endpoint_uptimes_learned', 'endpoint_uptimes', ['endpoint', 'begun_at'])


def downgrade() -> None:
    op.drop_table('endpoint_uptimes')
