"""accounts: people, API keys, and who made a call"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'

IS_A_ROLE = "role IN ('learner','educator','admin')"


def upgrade() -> None:
    op.create_table(
        'api_keys',
        sa.Column('id', sa.String(length=26), nullable=False),
        sa.Column('prefix', sa.String(length=8), nullable=False),
        sa.Column('digest', sa.String(length=64), nullable=False),
        sa.Column('pepper', sa.String(length=8), nullable=False),
        sa.Column('name', sa.String(length=100), nullable=False),
        sa.Column('role', sa.String(length=10), nullable=False),
        sa.Column('per_minute', sa.Integer(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('valid_from', sa.DateTime(timezone=True), nullable=False),
        sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('last_used_at', sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(IS_A_ROLE, name=op.f('ck_api_keys_role')),
        sa.CheckConstraint('per_minute > 0', name=op.f('ck_api_keys_per_minute')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_api_keys')),
        sa.UniqueConstraint('prefix', name=op.f('uq_api_keys_prefix')),
        sa.UniqueConstraint('digest', name=op.f('uq_api_keys_digest')))
    op.create_table(
        'people',
        sa.Column('id', sa.String(length=26), nullable=False),
        sa.Column('name', sa.String(length=100), nullable=False),
        sa.Column('password', sa.String(length=200), nullable=False),
        sa.Column('role', sa.String(length=10), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('disabled_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('last_login_at', sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(IS_A_ROLE, name=op.f('ck_people_role')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_people')),
        sa.UniqueConstraint('name', name=op.f('uq_people_name')))
    op.create_table(
        'page_sessions',
        sa.Column('digest', sa.String(length=64), nullable=False),
        sa.Column('person_id', sa.String(length=26), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_page_sessions_person_id')),
        sa.PrimaryKeyConstraint('digest', name=op.f('pk_page_sessions')))
    op.create_index(op.f('ix_page_sessions_person_id'), 'page_sessions', ['person_id'], unique=False)
    latest = op.create_table(
        'latest_moment',
        sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_latest_moment')))
    op.bulk_insert(latest, [{'id': 1, 'seen_at': datetime.now(UTC)}])
    with op.batch_alter_table('calls') as batch:
        batch.add_column(sa.Column('principal', sa.String(length=26), nullable=False, server_default=''))
        batch.create_index('ix_calls_principal_day', ['principal', 'day'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('calls') as batch:
        batch.drop_index('ix_calls_principal_day')
        batch.drop_column('principal')
    op.drop_table('latest_moment')
    op.drop_index(op.f('ix_page_sessions_person_id'), 'page_sessions')
    op.drop_table('page_sessions')
    op.drop_table('people')
    op.drop_table('api_keys')
