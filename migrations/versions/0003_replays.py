"""idempotency keys and their stored answers"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'


def upgrade() -> None:
    op.create_table(
        'replays',
        sa.Column('id', sa.String(length=64), nullable=False),
        sa.Column('fingerprint', sa.String(length=64), nullable=False),
        sa.Column('state', sa.String(length=7), nullable=False),
        sa.Column('worker', sa.String(length=120), nullable=False),
        sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('sealed', sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("state IN ('running','done')", name=op.f('ck_replays_state')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_replays')))
    op.create_index('ix_replays_expires_at', 'replays', ['expires_at'])


def downgrade() -> None:
    op.drop_index('ix_replays_expires_at', 'replays')
    op.drop_table('replays')
