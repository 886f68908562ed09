"""calls that nobody was asked for; models that their providers have retired"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'


def upgrade() -> None:
    op.create_table(
        'retired_models',
        sa.Column('provider', sa.String(length=40), nullable=False),
        sa.Column('model', sa.String(length=120), nullable=False),
        sa.Column('found_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('ask_again_at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('provider', 'model', name=op.f('pk_retired_models')))
    _states("'open','answered','failed','refused','aborted','interrupted'")


def downgrade() -> None:
    op.execute("UPDATE calls SET state = 'failed' WHERE state = 'refused'")
    _states("'open','answered','failed','aborted','interrupted'")
    op.drop_table('retired_models')


def _states(allowed: str) -> None:
    with op.batch_alter_table('calls') as batch:
        batch.drop_constraint(op.f('ck_calls_state'), type_='check')
        batch.create_check_constraint(op.f('ck_calls_state'), f"state IN ({allowed})")
