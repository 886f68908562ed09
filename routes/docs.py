"""The API document (OpenAPI 3.1), a page to read it, and a page that explains every problem. No CDN, no script.

All three are made from the routes, the schemas and the table of errors; nothing is written twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

from apiflask import APIBlueprint, APIFlask
from flask import Response, current_app, jsonify, render_template_string

from routes.credentials import COOKIE
from routes.errors import known_problems
from routes.idempotency import PARAMETER, does_cost
from routes.permissions import Needed, needed
from routes.schemas import Problem

blueprint = APIBlueprint("docs", __name__, enable_openapi=False)

DESCRIPTION = """Hybrid AI for maternal-health education in Kenya. JSON in, JSON out, UTF-8 only. Every error is
`application/problem+json` (RFC 9457); its codes are listed at /docs/problems. Every answer carries `X-Request-Id`.
With AUTH=on send an API key (`Authorization: Bearer` or `X-API-Key`); `x-role` names the least role of each route."""

SECURITY_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key of this installation: fm_..."},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same key."},
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "Of a browser, from /login."}}
"""Each alone opens a route, when its role reaches that far. With AUTH=off none is needed."""

_ARGUMENT = re.compile(r"<(?:[^:<>]+:)?(\w+)>")

PROBLEM_RESPONSE = {"description": "A problem (RFC 9457)", "content": {
    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}

STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; color: #1a1a1a }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; background: #f2f2f2 }
h2 { margin-top: 2.5rem; border-top: 1px solid #767676; padding-top: 1rem; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; vertical-align: top; padding: .25rem .5rem;
border-bottom: 1px solid #ccc } .wide { overflow-x: auto } .method { color: #00563f } .old { color: #8a4b00 }
"""

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/docs/style.css">
</head><body><main><h1>{{ title }}</h1>
<p>{{ description }}</p><p><a href="/openapi.json">The same for machines (OpenAPI 3.1)</a> ·
<a href="/docs/problems">What each problem means</a></p>
<ul>{% for route in routes %}<li><a href="#{{ route.id }}"><code>{{ route.method }} {{ route.path }}</code></a>
{{ route.summary }}</li>{% endfor %}</ul>
{% for route in routes %}<section id="{{ route.id }}">
<h2><span class="method">{{ route.method }}</span> <code>{{ route.path }}</code></h2>
<p>{% if route.deprecated %}<strong class="old">For installed clients only.</strong> {% endif %}{{ route.summary }}</p>
{% if route.description %}<p>{{ route.description }}</p>{% endif %}
{% for part in route.parts %}<h3>{{ part.name }}</h3><div class="wide"><table>
<thead><tr><th scope="col">field</th><th scope="col">type</th><th scope="col">meaning</th></tr></thead><tbody>
{% for field in part.fields %}<tr><td><code>{{ field.name }}</code>{% if field.required %} (required){% endif %}</td>
<td>{{ field.type }}</td><td>{{ field.description }}</td></tr>{% endfor %}</tbody></table></div>{% endfor %}
</section>{% endfor %}</main></body></html>"""

PROBLEMS_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Problems</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/docs/style.css">
</head><body><main><h1>Problems</h1><p>Every error has a <code>code</code>. Its <code>detail</code> says what went
wrong this time, <code>retryable</code> whether the same request may work later (then <code>Retry-After</code> says
when), <code>remedy</code> what to do. Give <code>request_id</code> to whoever runs this server.</p>
<div class="wide"><table><thead><tr><th scope="col">code</th><th scope="col">status</th><th scope="col">meaning</th>
</tr></thead><tbody>{% for code, (status, title) in problems %}
<tr id="{{ code }}"><td><code>{{ code }}</code></td><td>{{ status }}</td><td>{{ title }}</td></tr>{% endfor %}
</tbody></table></div><p><a href="/docs">The API</a></p></main></body></html>"""


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """The API document."""
    return jsonify(api_document())


@blueprint.get("/docs")
def page() -> str:
    """The API document for people."""
    document = api_document()
    return render_template_string(PAGE, title=document["info"]["title"], description=DESCRIPTION,
                                  routes=list(_routes(document)))


@blueprint.get("/docs/problems")
def problems() -> str:
    """What each problem code means."""
    return render_template_string(PROBLEMS_PAGE, problems=sorted(known_problems().items()))


@blueprint.get("/docs/style.css")
def style() -> Response:
    """How these pages look."""
    return Response(STYLE, mimetype="text/css", headers={"Cache-Control": "max-age=3600"})


def describe_api(app: APIFlask) -> None:
    """Set what the document of `app` says beyond its routes: problems on every route, and no host of ours."""
    app.description = DESCRIPTION
    app.servers = [{"url": "/"}]
    app.security_schemes = SECURITY_SCHEMES
    for setting in ("AUTO_VALIDATION_ERROR_RESPONSE", "AUTO_404_RESPONSE", "AUTO_AUTH_ERROR_RESPONSE"):
        app.config[setting] = False  # these would promise APIFlask's own error shape
    app.spec_processor(_with_problems)


def api_document() -> dict[str, Any]:
    """The OpenAPI document, made once for each app."""
    made = current_app.extensions.get("funza_api_document")
    if made is None:
        made = current_app.extensions["funza_api_document"] = cast(APIFlask, current_app).spec
    return cast(dict[str, Any], made)


def _with_problems(spec: dict[str, Any] | str) -> dict[str, Any] | str:
    assert isinstance(spec, dict)
    shape = Problem.model_json_schema(ref_template="#/components/schemas/Problem.{model}")
    parts = {f"Problem.{name}": part for name, part in shape.pop("$defs").items()}
    spec["components"]["schemas"] |= {"Problem": shape, **parts}
    endpoints = _endpoints()
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            operation["responses"] |= {"4XX": PROBLEM_RESPONSE, "5XX": PROBLEM_RESPONSE}
            _say_who_may(operation, needed(endpoints[method.upper(), path]))
            if does_cost(current_app, endpoints[method.upper(), path]):
                operation["parameters"] = [*operation.get("parameters", []), PARAMETER]
            takes = getattr(current_app.view_functions[endpoints[method.upper(), path]], "takes", None)
            if takes is not None:
                operation["requestBody"] = {"content": takes}
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True
    return spec


def _endpoints() -> dict[tuple[str, str], str]:
    """(method, path as the document writes it) -> endpoint."""
    return {(method, _ARGUMENT.sub(r"{\1}", rule.rule)): rule.endpoint
            for rule in current_app.url_map.iter_rules() for method in rule.methods or ()}


def _say_who_may(operation: dict[str, Any], role: Needed) -> None:
    """Note on an operation how to say who one is, and the least role that may use it."""
    operation["x-role"] = role
    operation["security"] = [] if role == "public" else [{name: []} for name in SECURITY_SCHEMES]


def _routes(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield {"id": f"{method}{path}".replace("/", "-"), "method": method.upper(), "path": path,
                   "summary": operation.get("summary", ""), "description": operation.get("description", ""),
                   "deprecated": operation.get("deprecated", False),
                   "parts": [part for part in _parts(document, operation) if part["fields"]]}


def _parts(document: dict[str, Any], operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What a client sends (parameters, body) and gets, each as a table of fields."""
    yield {"name": "Parameters", "fields": [_field(item["name"], item["schema"] | item, item.get("required", False))
                                            for item in operation["parameters"]]}
    body = operation.get("requestBody", {})
    yield {"name": "Request", "fields": _fields(document, body)}
    answer = operation["responses"].get("200") or operation["responses"].get("201", {})
    yield {"name": "Answer", "fields": _fields(document, answer)}
    yield {"name": "Answer's headers", "fields": [
        _field(name, header["schema"], False) for name, header in answer.get("headers", {}).items()]}


def _fields(document: dict[str, Any], holder: dict[str, Any]) -> list[dict[str, Any]]:
    schema = holder.get("content", {}).get("application/json", {}).get("schema", {})
    return list(_flat(document, schema, ""))


def _flat(document: dict[str, Any], schema: dict[str, Any], prefix: str) -> Iterator[dict[str, Any]]:
    """The fields of an object and of the objects inside it: `usage.cost_usd`, `citations[].url`."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for name, field in schema.get("properties", {}).items():
        yield _field(prefix + name, field, name in schema.get("required", ()))
        for option in (field, *field.get("anyOf", ()), *field.get("oneOf", ())):
            if "$ref" in option:
                yield from _flat(document, option, f"{prefix}{name}.")
            elif "$ref" in option.get("items", {}):
                yield from _flat(document, option["items"], f"{prefix}{name}[].")


def _field(name: str, schema: dict[str, Any], required: bool) -> dict[str, Any]:
    return {"name": name, "type": _type(schema), "required": required, "description": schema.get("description", "")}


def _type(schema: dict[str, Any]) -> str:
    """A schema in a few words: `string`, `'en' or 'sw'`, `list of CitationOut`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition(".")[2]
    if "enum" in schema:
        return " or ".join(repr(value) for value in schema["enum"])
    if "const" in schema:
        return repr(schema["const"])
    for kind in ("anyOf", "oneOf"):
        if kind in schema:
            return " or ".join(_type(option) for option in schema[kind])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return str(schema.get("type", "anything"))
