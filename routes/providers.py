"""Who could answer and who could draw: every provider and model, its state, its breaker and its price."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from routes.installation import installation
from routes.provider_schemas import ProvidersOut

blueprint = APIBlueprint("providers", __name__, url_prefix="/api/v1", tag="Providers")


@blueprint.get("/providers")
@blueprint.output(ProvidersOut)
def providers() -> dict[str, Any]:
    """List the providers: state and why, breaker, models, prices their source and date; then who draws pictures."""
    service = installation().service
    return {"providers": service.get_provider_status(), "drawing": service.get_drawing_status()}
