"""who allowed what to leave, and what left"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'


def upgrade() -> None:
    op.create_table(
        'consents',
        sa.Column('id', sa.String(length=26), nullable=False),
        sa.Column('principal', sa.String(length=26), nullable=False),
        sa.Column('conversation_id', sa.String(length=26), nullable=False),
        sa.Column('purpose', sa.String(length=20), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('text_sha256', sa.String(length=64), nullable=False),
        sa.Column('given_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_consents')))
    op.create_index('ix_consents_subject', 'consents', ['principal', 'conversation_id', 'purpose'])
    op.create_table(
        'receipts',
        sa.Column('attempt_id', sa.String(length=26), nullable=False),
        sa.Column('call_id', sa.String(length=26), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('provider', sa.String(length=40), nullable=False),
        sa.Column('model', sa.String(length=120), nullable=False),
        sa.Column('purpose', sa.String(length=20), nullable=False),
        sa.Column('reason', sa.String(length=80), nullable=False),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('size', sa.Integer(), nullable=False),
        sa.Column('redacted', sa.String(length=400), nullable=False),
        sa.Column('sealed', sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint('attempt_id', name=op.f('pk_receipts')))
    op.create_index(op.f('ix_receipts_call_id'), 'receipts', ['call_id'])


def downgrade() -> None:
    op.drop_table('receipts')
    op.drop_table('consents')
