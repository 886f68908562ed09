"""sums of the days that are over, for the usage report"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'


def upgrade() -> None:
    op.create_table(
        'day_totals',
        sa.Column('grouping', sa.String(length=10), nullable=False),
        sa.Column('day', sa.Date(), nullable=False),
        sa.Column('key', sa.String(length=170), nullable=False),
        *(sa.Column(name, kind, nullable=False) for name, kind in (
            ('calls', sa.Integer()), ('attempts', sa.Integer()), ('failed', sa.Integer()),
            ('prompt_tokens', sa.BigInteger()), ('completion_tokens', sa.BigInteger()),
            ('cost_nano_usd', sa.BigInteger()), ('unpriced', sa.Integer()), ('estimated', sa.Integer()),
            ('exact', sa.Integer()), ('reserved', sa.Integer()), ('fell_back', sa.Integer()))),
        sa.PrimaryKeyConstraint('grouping', 'day', 'key', name=op.f('pk_day_totals')))


def downgrade() -> None:
    op.drop_table('day_totals')
