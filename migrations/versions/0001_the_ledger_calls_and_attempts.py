"""the ledger: calls and attempts"""

import sqlalchemy as sa
from alembic import op


revision = '0001'
down_revision = None


def upgrade() -> None:
    op.create_table('calls',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('feature', sa.String(length=20), nullable=False),
    sa.Column('stage', sa.String(length=20), nullable=False),
    sa.Column('language', sa.String(length=5), nullable=False),
    sa.Column('strategy', sa.String(length=10), nullable=False),
    sa.Column('conversation_id', sa.String(length=26), nullable=False),
    sa.Column('triage_level', sa.String(length=10), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('error_code', sa.String(length=40), nullable=False),
    sa.Column('provider', sa.String(length=40), nullable=False),
    sa.Column('model', sa.String(length=120), nullable=False),
    sa.Column('fell_back', sa.Boolean(), nullable=False),
    sa.Column('finish_reason', sa.String(length=20), nullable=False),
    sa.Column('prompt_tokens', sa.Integer(), nullable=False),
    sa.Column('completion_tokens', sa.Integer(), nullable=False),
    sa.Column('cost_nano_usd', sa.BigInteger(), nullable=True),
    sa.Column('cost_state', sa.String(length=10), nullable=False),
    sa.Column('latency_ms', sa.Integer(), nullable=False),
    sa.Column('worker', sa.String(length=120), nullable=False),
    sa.CheckConstraint("state IN ('open','answered','failed','aborted','interrupted')", name=op.f('ck_calls_state')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calls'))
    )
    with op.batch_alter_table('calls', schema=None) as batch_op:
        batch_op.create_index('ix_calls_day_feature', ['day', 'feature'], unique=False)
        batch_op.create_index(op.f('ix_calls_worker'), ['worker'], unique=False)

    op.create_table('attempts',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('call_id', sa.String(length=26), nullable=False),
    sa.Column('ordinal', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('provider', sa.String(length=40), nullable=False),
    sa.Column('model', sa.String(length=120), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('failure', sa.String(length=20), nullable=False),
    sa.Column('status', sa.Integer(), nullable=True),
    sa.Column('prompt_tokens', sa.Integer(), nullable=False),
    sa.Column('completion_tokens', sa.Integer(), nullable=False),
    sa.Column('cached_tokens', sa.Integer(), nullable=False),
    sa.Column('usage_source', sa.String(length=10), nullable=False),
    sa.Column('cost_nano_usd', sa.BigInteger(), nullable=True),
    sa.Column('cost_state', sa.String(length=10), nullable=False),
    sa.Column('input_nano_per_mtok', sa.BigInteger(), nullable=True),
    sa.Column('output_nano_per_mtok', sa.BigInteger(), nullable=True),
    sa.Column('cached_nano_per_mtok', sa.BigInteger(), nullable=True),
    sa.Column('price_source', sa.String(length=60), nullable=False),
    sa.Column('upstream_id', sa.String(length=120), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('first_token_ms', sa.Integer(), nullable=True),
    sa.Column('latency_ms', sa.Integer(), nullable=True),
    sa.Column('worker', sa.String(length=120), nullable=False),
    sa.CheckConstraint("state IN ('reserved','settled','released','unknown')", name=op.f('ck_attempts_state')),
    sa.ForeignKeyConstraint(['call_id'], ['calls.id'], name=op.f('fk_attempts_call_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attempts'))
    )
    with op.batch_alter_table('attempts', schema=None) as batch_op:
        batch_op.create_index(op.f('ix_attempts_call_id'), ['call_id'], unique=False)
        batch_op.create_index('ix_attempts_day_provider', ['day', 'provider'], unique=False)
        batch_op.create_index('ix_attempts_reserved', ['state', 'worker'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('attempts', schema=None) as batch_op:
        batch_op.drop_index('ix_attempts_reserved')
        batch_op.drop_index('ix_attempts_day_provider')
        batch_op.drop_index(op.f('ix_attempts_call_id'))

    op.drop_table('attempts')
    with op.batch_alter_table('calls', schema=None) as batch_op:
        batch_op.drop_index(op.f('ix_calls_worker'))
        batch_op.drop_index('ix_calls_day_feature')

    op.drop_table('calls')
