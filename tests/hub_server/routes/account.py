"""Who asks; and whether a card is one that the Hub takes."""

from hub_server import card, refusals
from hub_server.hub import Hub
from hub_server.messages import Request, Response, json_response
from hub_server.routing import route


@route("GET", "/api/whoami-v2")
def whoami(hub: Hub, request: Request) -> Response:
    token = request.token
    if token is None:
        raise refusals.not_logged_in()
    orgs = [{"type": "org", "name": name, "roleInOrg": "write"} for name in token.orgs]
    access = {"displayName": "a token", "role": token.role}
    return json_response(
        {
            "type": "user",
            "name": token.user,
            "fullname": token.user,
            "orgs": orgs,
            "auth": {"type": "access_token", "accessToken": access},
        }
    )


@route("POST", "/api/validate-yaml")
def validate_yaml(hub: Hub, request: Request) -> Response:
    findings = card.check(str(request.json().get("content", "")))
    answer = {
        "errors": [{"message": message} for message in findings.errors],
        "warnings": [{"message": message} for message in findings.warnings],
    }
    return json_response(answer, status=400 if findings.errors else 200)


@route("GET", "/api/agent-harnesses")
def agent_harnesses(hub: Hub, request: Request) -> Response:
    return json_response({"standardEnvVars": [], "harnesses": {}})
