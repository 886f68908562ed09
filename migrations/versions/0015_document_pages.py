"""the pages of educators' documents with all their lines, from which their metadata is read"""

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0014'


def upgrade() -> None:
    op.create_table(
        'document_pages',
        sa.Column('document_id', sa.String(length=26), nullable=False),
        sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('page', sa.Integer(), nullable=True),
        sa.Column('text', sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(['document_id'], ['documents.id'], name=op.f('fk_document_pages_document_id')),
        sa.PrimaryKeyConstraint('document_id', 'number', name=op.f('pk_document_pages')))


def downgrade() -> None:
    op.drop_table('document_pages')
