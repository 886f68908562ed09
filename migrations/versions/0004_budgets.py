"""budgets per key, per day and month; reasoning tokens and hour prices of attempts"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'


def upgrade() -> None:
    op.create_table(
        'budgets',
        sa.Column('principal', sa.String(length=64), nullable=False),
        sa.Column('time_window', sa.String(length=5), nullable=False),
        sa.Column('limit_nano_usd', sa.BigInteger(), nullable=False),
        sa.Column('set_at', sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("time_window IN ('day','month')", name=op.f('ck_budgets_time_window')),
        sa.CheckConstraint('limit_nano_usd >= 0', name=op.f('ck_budgets_limit')),
        sa.PrimaryKeyConstraint('principal', 'time_window', name=op.f('pk_budgets')))
    op.create_table(
        'budget_spending',
        sa.Column('principal', sa.String(length=64), nullable=False),
        sa.Column('time_window', sa.String(length=5), nullable=False),
        sa.Column('starts_on', sa.Date(), nullable=False),
        sa.Column('spent_nano_usd', sa.BigInteger(), nullable=False),
        sa.Column('reserved_nano_usd', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('principal', 'time_window', 'starts_on', name=op.f('pk_budget_spending')))
    op.create_table(
        'budget_holds',
        sa.Column('attempt_id', sa.String(length=26), nullable=False),
        sa.Column('principal', sa.String(length=64), nullable=False),
        sa.Column('time_window', sa.String(length=5), nullable=False),
        sa.Column('starts_on', sa.Date(), nullable=False),
        sa.Column('amount_nano_usd', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['attempt_id'], ['attempts.id'], name=op.f('fk_budget_holds_attempt_id')),
        sa.PrimaryKeyConstraint('attempt_id', 'principal', 'time_window', name=op.f('pk_budget_holds')))
    with op.batch_alter_table('attempts') as batch:
        batch.add_column(sa.Column('reasoning_tokens', sa.Integer(), nullable=False, server_default='0'))
        batch.add_column(sa.Column('hour_nano_usd', sa.BigInteger(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('attempts') as batch:
        batch.drop_column('hour_nano_usd')
        batch.drop_column('reasoning_tokens')
    op.drop_table('budget_holds')
    op.drop_table('budget_spending')
    op.drop_table('budgets')
