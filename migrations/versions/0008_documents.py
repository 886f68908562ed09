"""educators' documents and their passages"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'


def upgrade() -> None:
    op.create_table(
        'documents',
        sa.Column('id', sa.String(length=26), nullable=False),
        sa.Column('owner', sa.String(length=64), nullable=False),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('title', sa.String(length=200), nullable=False),
        sa.Column('kind', sa.String(length=10), nullable=False),
        sa.Column('pages', sa.Integer(), nullable=True),
        sa.Column('characters', sa.Integer(), nullable=False),
        sa.Column('language', sa.String(length=5), nullable=False),
        sa.Column('passages', sa.Integer(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('pdf','docx','text')", name=op.f('ck_documents_kind')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_documents')),
        sa.UniqueConstraint('owner', 'sha256', name=op.f('uq_documents_owner')))
    op.create_table(
        'document_passages',
        sa.Column('document_id', sa.String(length=26), nullable=False),
        sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('page', sa.Integer(), nullable=True),
        sa.Column('text', sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(['document_id'], ['documents.id'], name=op.f('fk_document_passages_document_id')),
        sa.PrimaryKeyConstraint('document_id', 'number', name=op.f('pk_document_passages')))


def downgrade() -> None:
    op.drop_table('document_passages')
    op.drop_table('documents')
