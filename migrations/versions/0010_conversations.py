"""what was said, sealed for each subject; whose a kept answer is"""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'


def upgrade() -> None:
    op.create_table(
        'subject_keys',
        sa.Column('principal', sa.String(length=26), nullable=False),
        sa.Column('sealed', sa.LargeBinary(), nullable=False),
        sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('principal', name=op.f('pk_subject_keys')))
    op.create_table(
        'turns',
        sa.Column('id', sa.String(length=26), nullable=False),
        sa.Column('principal', sa.String(length=26), nullable=False),
        sa.Column('conversation_id', sa.String(length=26), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('sealed', sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_turns')))
    op.create_index('ix_turns_whose', 'turns', ['principal', 'conversation_id', 'id'])
    op.create_index(op.f('ix_turns_at'), 'turns', ['at'])
    op.add_column('replays', sa.Column('subject', sa.String(length=64), nullable=False, server_default=''))
    op.create_index(op.f('ix_replays_subject'), 'replays', ['subject'])


def downgrade() -> None:
    op.drop_index(op.f('ix_replays_subject'), 'replays')
    op.drop_column('replays', 'subject')
    op.drop_table('turns')
    op.drop_table('subject_keys')
