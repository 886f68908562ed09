"""published versions of the danger signs, and the draft of the next"""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'


def upgrade() -> None:
    op.create_table(
        'safety_versions',
        sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('changes', sa.Text(), nullable=False),
        sa.Column('published_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('published_by', sa.String(length=26), nullable=False),
        sa.Column('note', sa.String(length=300), nullable=False),
        sa.Column('lowers', sa.Text(), nullable=False),
        sa.Column('back_to', sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint('number', name=op.f('pk_safety_versions')))
    op.create_table(
        'safety_draft',
        sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('revision', sa.Integer(), nullable=False),
        sa.Column('base', sa.Integer(), nullable=False),
        sa.Column('changes', sa.Text(), nullable=False),
        sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('updated_by', sa.String(length=26), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_safety_draft')))


def downgrade() -> None:
    op.drop_table('safety_draft')
    op.drop_table('safety_versions')
