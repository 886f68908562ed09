"""quizzes, their items with every version, editions for learners, attempts, spaced items"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'

TERM = sa.String(length=64).with_variant(sa.String(length=64, collation='C'), 'postgresql')


def upgrade() -> None:
    op.create_table(
        'quizzes',
        sa.Column('id', sa.String(length=26), nullable=False),
        sa.Column('title', sa.String(length=200), nullable=False),
        sa.Column('stage', sa.String(length=40), nullable=False),
        sa.Column('topic', sa.String(length=200), nullable=False),
        sa.Column('language', sa.String(length=2), nullable=False),
        sa.Column('document_id', sa.String(length=26), nullable=False),
        sa.Column('status', sa.String(length=10), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('live_version', sa.Integer(), nullable=True),
        sa.Column('cost_nano_usd', sa.BigInteger(), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('created_by', sa.String(length=64), nullable=False),
        sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('updated_by', sa.String(length=64), nullable=False),
        sa.CheckConstraint("status IN ('draft','in_review','approved','published','retired')", name=op.f('ck_quizzes_status')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_quizzes')))
    op.create_index('ix_quizzes_status_stage', 'quizzes', ['status', 'stage'])
    op.create_table(
        'quiz_changes',
        sa.Column('quiz_id', sa.String(length=26), nullable=False),
        sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('by', sa.String(length=64), nullable=False),
        sa.Column('action', sa.String(length=12), nullable=False),
        sa.Column('reason', sa.String(length=500), nullable=False),
        sa.Column('diff', sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(['quiz_id'], ['quizzes.id'], name=op.f('fk_quiz_changes_quiz_id')),
        sa.PrimaryKeyConstraint('quiz_id', 'version', name=op.f('pk_quiz_changes')))
    op.create_table(
        'quiz_items',
        sa.Column('id', sa.String(length=26), nullable=False),
        sa.Column('quiz_id', sa.String(length=26), nullable=False),
        sa.Column('place', sa.Integer(), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('content_version', sa.Integer(), nullable=False),
        sa.Column('status', sa.String(length=10), nullable=False),
        sa.Column('content', sa.JSON(), nullable=False),
        sa.Column('findings', sa.JSON(), nullable=False),
        sa.Column('flags', sa.JSON(), nullable=False),
        sa.Column('flagged', sa.Boolean(), nullable=False),
        sa.Column('stage', sa.String(length=40), nullable=False),
        sa.Column('language', sa.String(length=2), nullable=False),
        sa.Column('stem_key', sa.String(length=200), nullable=False),
        sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('updated_by', sa.String(length=64), nullable=False),
        sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('draft','in_review','approved','published','retired','rejected')", name=op.f('ck_quiz_items_status')),
        sa.ForeignKeyConstraint(['quiz_id'], ['quizzes.id'], name=op.f('fk_quiz_items_quiz_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_quiz_items')))
    op.create_index('ix_quiz_items_flagged', 'quiz_items', ['flagged'])
    op.create_index('ix_quiz_items_quiz_id_place', 'quiz_items', ['quiz_id', 'place'])
    op.create_index('ix_quiz_items_stage_language_status', 'quiz_items', ['stage', 'language', 'status'])
    op.create_index('ix_quiz_items_stem_key', 'quiz_items', ['stem_key'])
    op.create_table(
        'quiz_item_versions',
        sa.Column('item_id', sa.String(length=26), nullable=False),
        sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('content_version', sa.Integer(), nullable=False),
        sa.Column('status', sa.String(length=10), nullable=False),
        sa.Column('content', sa.JSON(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('by', sa.String(length=64), nullable=False),
        sa.Column('action', sa.String(length=12), nullable=False),
        sa.Column('reason', sa.String(length=500), nullable=False),
        sa.Column('diff', sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(['item_id'], ['quiz_items.id'], name=op.f('fk_quiz_item_versions_item_id')),
        sa.PrimaryKeyConstraint('item_id', 'version', name=op.f('pk_quiz_item_versions')))
    op.create_table(
        'quiz_item_terms',
        sa.Column('term', TERM, nullable=False),
        sa.Column('kind', sa.String(length=4), nullable=False),
        sa.Column('item_id', sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(['item_id'], ['quiz_items.id'], name=op.f('fk_quiz_item_terms_item_id')),
        sa.PrimaryKeyConstraint('term', 'kind', 'item_id', name=op.f('pk_quiz_item_terms')))
    op.create_index('ix_quiz_item_terms_item_id', 'quiz_item_terms', ['item_id'])
    op.create_table(
        'quiz_editions',
        sa.Column('quiz_id', sa.String(length=26), nullable=False),
        sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('title', sa.String(length=200), nullable=False),
        sa.Column('published_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('published_by', sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(['quiz_id'], ['quizzes.id'], name=op.f('fk_quiz_editions_quiz_id')),
        sa.PrimaryKeyConstraint('quiz_id', 'version', name=op.f('pk_quiz_editions')))
    op.create_table(
        'quiz_edition_items',
        sa.Column('quiz_id', sa.String(length=26), nullable=False),
        sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('item_id', sa.String(length=26), nullable=False),
        sa.Column('item_version', sa.Integer(), nullable=False),
        sa.Column('place', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['item_id', 'item_version'], ['quiz_item_versions.item_id', 'quiz_item_versions.version'], name=op.f('fk_quiz_edition_items_item_id')),
        sa.ForeignKeyConstraint(['quiz_id', 'version'], ['quiz_editions.quiz_id', 'quiz_editions.version'], name=op.f('fk_quiz_edition_items_quiz_id')),
        sa.PrimaryKeyConstraint('quiz_id', 'version', 'item_id', name=op.f('pk_quiz_edition_items')))
    op.create_index('ix_quiz_edition_items_item_id', 'quiz_edition_items', ['item_id'])
    op.create_table(
        'quiz_attempts',
        sa.Column('id', sa.String(length=26), nullable=False),
        sa.Column('quiz_id', sa.String(length=26), nullable=False),
        sa.Column('quiz_version', sa.Integer(), nullable=False),
        sa.Column('principal', sa.String(length=64), nullable=False),
        sa.Column('kind', sa.String(length=8), nullable=False),
        sa.Column('first', sa.Integer(), nullable=True),
        sa.Column('score', sa.Integer(), nullable=False),
        sa.Column('out_of', sa.Integer(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('day', sa.Date(), nullable=False),
        sa.CheckConstraint("kind IN ('practice','pre','post','spaced')", name=op.f('ck_quiz_attempts_kind')),
        sa.ForeignKeyConstraint(['quiz_id'], ['quizzes.id'], name=op.f('fk_quiz_attempts_quiz_id')),
        sa.UniqueConstraint('quiz_id', 'principal', 'first', name=op.f('uq_quiz_attempts_first')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_quiz_attempts')))
    op.create_index('ix_quiz_attempts_principal_day', 'quiz_attempts', ['principal', 'day'])
    op.create_table(
        'quiz_answers',
        sa.Column('attempt_id', sa.String(length=26), nullable=False),
        sa.Column('item_id', sa.String(length=26), nullable=False),
        sa.Column('item_version', sa.Integer(), nullable=False),
        sa.Column('content_version', sa.Integer(), nullable=False),
        sa.Column('choice', sa.Integer(), nullable=False),
        sa.Column('correct', sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(['attempt_id'], ['quiz_attempts.id'], name=op.f('fk_quiz_answers_attempt_id')),
        sa.ForeignKeyConstraint(['item_id'], ['quiz_items.id'], name=op.f('fk_quiz_answers_item_id')),
        sa.PrimaryKeyConstraint('attempt_id', 'item_id', name=op.f('pk_quiz_answers')))
    op.create_index('ix_quiz_answers_item_id_content_version', 'quiz_answers', ['item_id', 'content_version'])
    op.create_table(
        'spaced_items',
        sa.Column('principal', sa.String(length=64), nullable=False),
        sa.Column('item_id', sa.String(length=26), nullable=False),
        sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('memory', sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(['item_id'], ['quiz_items.id'], name=op.f('fk_spaced_items_item_id')),
        sa.PrimaryKeyConstraint('principal', 'item_id', name=op.f('pk_spaced_items')))
    op.create_index('ix_spaced_items_principal_due_at', 'spaced_items', ['principal', 'due_at'])
    op.create_table(
        'recent_requests',
        sa.Column('digest', sa.String(length=64), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('digest', name=op.f('pk_recent_requests')))
    op.create_index('ix_recent_requests_at', 'recent_requests', ['at'])


def downgrade() -> None:
    op.drop_table('recent_requests')
    op.drop_table('spaced_items')
    op.drop_table('quiz_answers')
    op.drop_table('quiz_attempts')
    op.drop_table('quiz_edition_items')
    op.drop_table('quiz_editions')
    op.drop_table('quiz_item_terms')
    op.drop_table('quiz_item_versions')
    op.drop_table('quiz_items')
    op.drop_table('quiz_changes')
    op.drop_table('quizzes')
