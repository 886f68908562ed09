"""pictures that were asked for, and the library of those that were drawn"""

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0013'


def upgrade() -> None:
    op.create_table(
        'image_jobs',
        sa.Column('id', sa.String(length=26), nullable=False),
        sa.Column('principal', sa.String(length=64), nullable=False),
        sa.Column('role', sa.String(length=10), nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.Column('stage', sa.String(length=12), nullable=False),
        sa.Column('eta_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('wish', sa.Text(), nullable=False),
        sa.Column('source', sa.String(length=80), nullable=False),
        sa.Column('cancel_wanted', sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column('runs', sa.Integer(), nullable=False, server_default='0'),
        sa.Column('worker', sa.String(length=120), nullable=False),
        sa.Column('error_code', sa.String(length=60), nullable=False),
        sa.Column('error_detail', sa.String(length=500), nullable=False),
        sa.Column('error_remedy', sa.String(length=500), nullable=False),
        sa.Column('picture_id', sa.String(length=26), nullable=False),
        sa.Column('call_id', sa.String(length=26), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('enqueued_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name=op.f('ck_image_jobs_state')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_image_jobs')))
    op.create_index(op.f('ix_image_jobs_principal'), 'image_jobs', ['principal'])
    op.create_index('ix_image_jobs_queue', 'image_jobs', ['state', 'id'])
    op.create_table(
        'pictures',
        sa.Column('id', sa.String(length=26), nullable=False),
        sa.Column('owner', sa.String(length=64), nullable=False),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('media_type', sa.String(length=12), nullable=False),
        sa.Column('width', sa.Integer(), nullable=False),
        sa.Column('height', sa.Integer(), nullable=False),
        sa.Column('size', sa.Integer(), nullable=False),
        sa.Column('title', sa.String(length=200), nullable=False),
        sa.Column('language', sa.String(length=5), nullable=False),
        sa.Column('prompt', sa.Text(), nullable=False),
        sa.Column('negative_prompt', sa.Text(), nullable=False),
        sa.Column('alt_text', sa.String(length=200), nullable=False),
        sa.Column('long_description', sa.Text(), nullable=False),
        sa.Column('decorative', sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column('alt_state', sa.String(length=10), nullable=False),
        sa.Column('provider', sa.String(length=40), nullable=False),
        sa.Column('model', sa.String(length=160), nullable=False),
        sa.Column('provenance', sa.String(length=10), nullable=False),
        sa.Column('source_type', sa.String(length=60), nullable=False),
        sa.Column('seed', sa.BigInteger(), nullable=True),
        sa.Column('call_id', sa.String(length=26), nullable=False),
        sa.Column('words', sa.Text(), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False, server_default='1'),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("alt_state IN ('awaiting', 'suggested', 'checked')", name=op.f('ck_pictures_alt_state')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_pictures')))
    op.create_index(op.f('ix_pictures_owner'), 'pictures', ['owner'])
    op.create_index(op.f('ix_pictures_sha256'), 'pictures', ['sha256'])


def downgrade() -> None:
    op.drop_table('pictures')
    op.drop_table('image_jobs')
