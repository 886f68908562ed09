"""danger signs that a person here should see to; no words"""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'


def upgrade() -> None:
    op.create_table(
        'escalations',
        sa.Column('id', sa.String(length=26), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('tier', sa.String(length=10), nullable=False),
        sa.Column('signs', sa.Text(), nullable=False),
        sa.Column('rules', sa.Integer(), nullable=False),
        sa.Column('stage', sa.String(length=20), nullable=False),
        sa.Column('language', sa.String(length=5), nullable=False),
        sa.Column('surface', sa.String(length=20), nullable=False),
        sa.Column('conversation_id', sa.String(length=26), nullable=False),
        sa.Column('principal', sa.String(length=26), nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.Column('state_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('state_by', sa.String(length=26), nullable=False),
        sa.Column('note', sa.String(length=500), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_escalations')))
    op.create_index('ix_escalations_queue', 'escalations', ['state', 'at'])
    op.create_index(op.f('ix_escalations_principal'), 'escalations', ['principal'])


def downgrade() -> None:
    op.drop_table('escalations')
